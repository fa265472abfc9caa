package stalwarttest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// SQLDirectory is a [Directory] on a database, so that a demonstration or a test can let syncagent's own SQL source
// and the simulated server look at the same tables. It may be used concurrently if the database may.
type SQLDirectory struct {
	db         *sql.DB
	loginQuery string
	aliasQuery string
}

// NewSQLDirectory makes a directory of two queries with one parameter each, written for the database's own driver:
//
//   - loginQuery gets a login name or address and gives at most one row (name, secret, description), where name is the
//     primary address. It is also asked for recipients, so it should find a user by any address if aliases shall
//     receive mail; a login is then accepted only when the name in the row is the one asked for.
//   - aliasQuery gets the primary address and gives one row per alias. It may be empty. If it also gives the primary address,
//     the server takes that for an alias too, as the real one does.
//
// Further columns of loginQuery are ignored.
func NewSQLDirectory(db *sql.DB, loginQuery, aliasQuery string) *SQLDirectory {
	return &SQLDirectory{db: db, loginQuery: loginQuery, aliasQuery: aliasQuery}
}

// ByLogin finds a user by primary address, ignoring case.
func (d *SQLDirectory) ByLogin(ctx context.Context, name string) (Record, bool, error) {
	record, found, err := d.ByAddress(ctx, name)
	if err != nil || !found || !strings.EqualFold(record.Name, name) {
		return Record{}, false, err
	}
	return record, true, nil
}

// ByAddress finds a user by what loginQuery accepts.
func (d *SQLDirectory) ByAddress(ctx context.Context, address string) (Record, bool, error) {
	record, found, err := d.row(ctx, address)
	if err != nil || !found || d.aliasQuery == "" {
		return record, found, err
	}
	record.Aliases, err = d.column(ctx, d.aliasQuery, record.Name)
	if err != nil {
		return Record{}, false, err
	}
	return record, true, nil
}

func (d *SQLDirectory) row(ctx context.Context, address string) (record Record, found bool, err error) {
	rows, err := d.db.QueryContext(ctx, d.loginQuery, address)
	if err != nil {
		return Record{}, false, fmt.Errorf("directory login query: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return Record{}, false, fmt.Errorf("directory login query: %w", err)
	}
	if !rows.Next() {
		return Record{}, false, rows.Err()
	}
	values := make([]sql.NullString, max(len(columns), 3))
	targets := make([]any, len(columns))
	for i := range targets {
		targets[i] = &values[i]
	}
	if err := rows.Scan(targets...); err != nil {
		return Record{}, false, fmt.Errorf("directory login query: %w", err)
	}
	return Record{Name: values[0].String, Secret: values[1].String, Description: values[2].String}, true, nil
}

func (d *SQLDirectory) column(ctx context.Context, query, argument string) (values []string, err error) {
	rows, err := d.db.QueryContext(ctx, query, argument)
	if err != nil {
		return nil, fmt.Errorf("directory alias query: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return nil, fmt.Errorf("directory alias query: %w", err)
		}
		values = append(values, value)
	}
	return values, rows.Err()
}
