package sqlsrc

import (
	"context"
	"database/sql"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// dialect is what differs between databases.
type dialect struct {
	// open prepares a database from a data source name, without any network.
	open func(dsn string, timeout time.Duration) (*target, error)
	// begin starts a read-only transaction that sees one moment, and sets the
	// server's own time-out for statements.
	begin func(ctx context.Context, conn *sql.Conn, timeout time.Duration) (*tx, error)
	// parameter recognises the placeholder of the first parameter.
	parameter   *regexp.Regexp
	placeholder func(n int) string
	quote       func(name string) string
	// fold is an expression that trims blanks and lower-cases ASCII letters (it may
	// do more), so that what it makes of two texts that our own comparison calls
	// equal is equal too, as long as one of them is ASCII. beyond tells that the
	// database can hold letters beyond ASCII.
	fold func(column string, beyond bool) string
	// wraps tells whether a query can stand in FROM as it is.
	wraps func(query string) bool
	// binary tells whether values of a column type are bytes and no text.
	binary func(databaseType string) bool
	// uuidBytes tells whether 16 bytes of this column type are a UUID.
	uuidBytes func(databaseType string) bool
	// idForms are the parameter values that may stand for an ID; see idParams.
	idForms func(id string, databaseType string) []any
	// explain finds code and hint of a server's error.
	explain func(err error) (advice, bool)
	// command is a line to paste that runs the query with a common client.
	command func(dsn, query string) string
}

// target is a database that is ready to connect, and what it is called.
type target struct {
	db *sql.DB
	// server is the URL of the server without secrets, directory what identifies
	// the data whatever server gives it.
	server, directory string
	secrets           []string
	// inspect, where set, learns from a new connection what only the server can
	// tell: which of several hosts it is, and its encoding.
	inspect func(conn *sql.Conn, t *target)
	// narrow tells that the database has an encoding without most of Unicode; it
	// would refuse a statement with other letters.
	narrow bool
}

// queryer is a *sql.Conn or a *sql.Tx.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// tx is a read-only transaction.
type tx struct {
	queryer
	end func()
}

var dialects = map[string]dialect{
	SQLite:    sqliteDialect,
	Postgres:  postgresDialect,
	MySQL:     mysqlDialect,
	SQLServer: sqlserverDialect,
}

func (d dialect) canWrap(query string) bool { return d.wraps == nil || d.wraps(query) }

// from makes a query a table named q. The line breaks end a comment that may
// stand at the end of the query.
func from(query string) string { return "FROM (\n" + query + "\n) AS q" }

// The letters that fold to ASCII although they are not: the Kelvin sign and the
// capital I with a dot (Unicode 15 simple lower-case mappings).
const (
	kelvin  = "\u212a"
	dottedI = "\u0130"
)

// beyondASCII wraps an expression so that these two letters are folded as well.
func beyondASCII(expression, textPrefix string, beyond bool) string {
	if !beyond {
		return expression
	}
	for _, r := range [][2]string{{kelvin, "k"}, {dottedI, "i"}} {
		expression = "replace(" + expression + ", " + textPrefix + "'" + r[0] + "', '" + r[1] + "')"
	}
	return expression
}

// begun runs statements on a connection and gives the connection as a
// transaction that ends with ROLLBACK.
func begun(ctx context.Context, conn *sql.Conn, statements ...string) (*tx, error) {
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return nil, err
		}
	}
	return &tx{queryer: conn, end: func() {
		// The caller's context may be over; the rollback has its own short deadline. An
		// error does not matter: the connection is closed next.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_, _ = conn.ExecContext(ctx, "ROLLBACK")
	}}, nil
}

func questionMark(int) string { return "?" }

// quoteDouble quotes a name as standard SQL does.
func quoteDouble(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func milliseconds(d time.Duration) string { return strconv.FormatInt(max(1, d.Milliseconds()), 10) }

// textForms are the parameters for an ID in a text column. Canonical UUIDs are
// lower-case; the column may hold them in upper case. (A UUID in mixed case
// keeps its spelling as ID.)
func textForms(id string) []any {
	forms := []any{id}
	if isCanonicalUUID(id) {
		if upper := strings.ToUpper(id); upper != id {
			forms = append(forms, upper)
		}
	}
	return forms
}

// integerForms are the parameters for an ID in an integer column.
func integerForms(id string) []any {
	if n, err := strconv.ParseInt(id, 10, 64); err == nil && strconv.FormatInt(n, 10) == id {
		return []any{n}
	}
	if n, err := strconv.ParseUint(id, 10, 64); err == nil && strconv.FormatUint(n, 10) == id {
		return []any{n}
	}
	return nil
}

func isIntegerType(databaseType string) bool {
	t := strings.TrimPrefix(strings.ToUpper(databaseType), "UNSIGNED ")
	switch t {
	case "INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "MEDIUMINT", "INT2", "INT4", "INT8", "YEAR":
		return true
	}
	return false
}
