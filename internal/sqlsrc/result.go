package sqlsrc

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"syncagent/internal/reconcile"
)

// shape is which column of a result is what.
type shape struct {
	names, types []string
	// index finds a column by the attribute as it is written in the mapping.
	index map[string]int
	id    int
}

// newShape finds the columns that are needed, without case. key is the
// statement's configuration key, for the error.
func newShape(rows *sql.Rows, key, id string, needed []string) (*shape, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	sh := &shape{index: make(map[string]int, 2*len(needed))}
	for _, t := range types {
		sh.names = append(sh.names, t.Name())
		sh.types = append(sh.types, strings.ToUpper(t.DatabaseTypeName()))
	}
	for _, n := range needed {
		i, err := sh.find(key, n)
		if err != nil {
			return nil, err
		}
		sh.index[n], sh.index[foldName(n)] = i, i
	}
	sh.id = sh.index[id]
	return sh, nil
}

func (sh *shape) find(key, name string) (int, error) {
	found := -1
	for i, have := range sh.names {
		if foldName(have) != foldName(name) {
			continue
		}
		if found >= 0 {
			return 0, columnError(fmt.Sprintf("sql.%s returns two columns with the name %q", key, name),
				"Give one of them another name with AS.")
		}
		found = i
	}
	if found < 0 {
		return 0, columnError(
			fmt.Sprintf("sql.%s does not return the column %q that map uses; it returns %s", key, name, strings.Join(sh.names, ", ")),
			"Correct the name under map, or add the column to the query.")
	}
	return found, nil
}

func columnError(message, hint string) error {
	return &UnusableError{Reason: reconcile.Reason{Code: reconcile.UnusableColumnMissing, Message: message, Hint: hint}}
}

func foldName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// record is one row as the mapping reads it. It is valid until the next row.
type record struct {
	*shape
	values    []any
	addresses []string
}

// Values gives the value of a column, or the addresses of sql.addresses.
func (r *record) Values(attribute string) []string {
	if attribute == addressesAttribute {
		return r.addresses
	}
	i, ok := r.index[attribute]
	if !ok {
		if i, ok = r.index[foldName(attribute)]; !ok {
			return nil
		}
	}
	if v, ok := text(r.values[i], r.types[i]); ok {
		return []string{v}
	}
	return nil
}

// statement is a query with its arguments, and what to call it.
type statement struct {
	key  string // configuration key: query, lookup, addresses, count, change_probe
	text string
	args []any
}

// each runs a statement and hands every row over. Before an error leaves, the
// statement is cancelled, so that closing it does not read the rest. Errors of
// the database become *UnusableError; those of prepare and row pass through.
func (s *Source) each(ctx context.Context, t *target, q queryer, st statement,
	prepare func(*sql.Rows) error, row func(values []any) error,
) (err error) {
	doing := "read sql." + st.key + " from"
	s.opts.observe("statement", "source", s.opts.Name, "key", st.key, "server", t.server)
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	rows, err := q.QueryContext(running, st.text, st.args...)
	if err != nil {
		return s.failed(ctx, t, doing, err)
	}
	defer func() {
		if err != nil {
			cancel()
		}
		if e := rows.Close(); e != nil && err == nil {
			err = s.failed(ctx, t, doing, e)
		}
	}()
	if err := prepare(rows); err != nil {
		return s.failed(ctx, t, doing, err)
	}
	names, err := rows.Columns()
	if err != nil {
		return s.failed(ctx, t, doing, err)
	}
	values, pointers := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		pointers[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			return s.failed(ctx, t, doing, err)
		}
		if err := row(values); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return s.failed(ctx, t, doing, ctx.Err())
		}
	}
	// A lost connection and a killed statement end the loop like the last row does.
	if err := rows.Err(); err != nil {
		return s.failed(ctx, t, doing, err)
	}
	if ctx.Err() != nil {
		return s.failed(ctx, t, doing, ctx.Err())
	}
	return nil
}

// scalar gives the one value of a statement, as text; "" for NULL.
func (s *Source) scalar(ctx context.Context, t *target, q queryer, st statement) (value string, err error) {
	var kind string
	n := 0
	err = s.each(ctx, t, q, st, func(rows *sql.Rows) error {
		types, err := rows.ColumnTypes()
		if err != nil {
			return err
		}
		if len(types) != 1 {
			return columnError(fmt.Sprintf("sql.%s returns %d columns instead of one", st.key, len(types)), "Select one value.")
		}
		kind = strings.ToUpper(types[0].DatabaseTypeName())
		return nil
	}, func(values []any) error {
		n++
		value, _ = text(values[0], kind)
		return nil
	})
	if err == nil && n != 1 {
		err = columnError(fmt.Sprintf("sql.%s returns %d rows instead of one", st.key, n), "Select one value.")
	}
	return value, err
}
