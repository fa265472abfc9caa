package sqlsrc

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"syncagent/internal/mapping"
)

// DefaultTimeout bounds a snapshot and each look-up.
const DefaultTimeout = 5 * time.Minute

// The drivers.
const (
	SQLite    = "sqlite"
	Postgres  = "postgres"
	MySQL     = "mysql" // MariaDB too
	SQLServer = "sqlserver"
)

// Options say where the people are and how they are read. New checks them.
type Options struct {
	// Name is the name of the source in the configuration.
	Name string
	// Driver is one of SQLite, Postgres, MySQL and SQLServer.
	Driver string
	// DSN gives the data source name: a path for SQLite, a URL or key=value list
	// for PostgreSQL, user:password@tcp(host:port)/database for MySQL, a URL for
	// SQL Server. It is called for each connection, so that a changed password is
	// picked up.
	DSN func() (string, error)
	// Query selects the people, one row each.
	Query string
	// Lookup selects the person of one ID; its one parameter is $1 (PostgreSQL), ?
	// (SQLite, MySQL) or @p1 (SQL Server). It returns the same columns as Query.
	// Empty: a look-up by ID is answered with "unknown".
	Lookup string
	// Addresses selects (ID, address), one row for each address. Optional.
	Addresses string
	// Count selects the number of rows that Query must give; empty counts Query
	// itself.
	Count string
	// ChangeProbe selects one value that never goes back. Optional.
	ChangeProbe string
	// Timeout is the longest time for a snapshot or a look-up; 0 is DefaultTimeout.
	Timeout time.Duration
	// ID is the column of the stable ID; empty takes Map.ID.
	ID string
	// Map says what becomes of the columns. Map.Leaver marks leavers.
	Map mapping.Spec
	// Observe, where set, receives a line for each step worth a debug message,
	// with key-value pairs. It never receives a secret.
	Observe func(message string, keyvals ...any)
}

func (o Options) observe(message string, keyvals ...any) {
	if o.Observe != nil {
		o.Observe(message, keyvals...)
	}
}

func (o Options) withDefaults() Options {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.ID == "" {
		o.ID = o.Map.ID
	}
	o.ID = strings.TrimSpace(o.ID)
	for _, statement := range []*string{&o.Query, &o.Lookup, &o.Addresses, &o.Count, &o.ChangeProbe} {
		*statement = strings.TrimRight(strings.TrimSpace(*statement), "; \t\r\n")
	}
	return o
}

// startsLikeQuery keeps statements that cannot be queries away; that nothing is
// written is the transaction's business.
var startsLikeQuery = regexp.MustCompile(`(?is)^(\s|--[^\n]*\n|/\*.*?\*/|\()*(select|with|values|table)\b`)

func (o Options) problems() []error {
	var all []error
	add := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	d, known := dialects[o.Driver]
	if !known {
		add("sql.driver: %q is unknown; use sqlite, postgres, mysql or sqlserver", o.Driver)
	}
	if o.DSN == nil {
		add("sql.dsn: is missing")
	}
	if o.Query == "" {
		add("sql.query: is missing")
	}
	for _, s := range []struct{ key, text string }{
		{"query", o.Query}, {"lookup", o.Lookup}, {"addresses", o.Addresses}, {"count", o.Count}, {"change_probe", o.ChangeProbe},
	} {
		if s.text != "" && !startsLikeQuery.MatchString(s.text) {
			add("sql.%s: is not a query; it has to start with SELECT or WITH", s.key)
		}
	}
	switch {
	case o.ID == "":
		add("map.id: is missing; name the column that never changes for a person")
	case strings.EqualFold(o.ID, "auto"):
		add("map.id: auto is for LDAP only; name the column that never changes for a person")
	}
	if o.Timeout < 0 {
		add("sql.timeout: must be above 0, not %v", o.Timeout)
	}
	if !known {
		return all
	}
	if o.Lookup != "" && !d.parameter.MatchString(o.Lookup) {
		add("sql.lookup: has no parameter %s for the ID", d.placeholder(1))
	}
	if !d.canWrap(o.Query) && o.Count == "" {
		add("sql.count: is needed, because this database cannot count a query that starts with WITH or has an ORDER BY")
	}
	return all
}

func (o Options) check() error { return errors.Join(o.problems()...) }
