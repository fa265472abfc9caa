package sqlsrc

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

var postgresDialect = dialect{
	open:        openPostgres,
	begin:       beginPostgres,
	parameter:   regexp.MustCompile(`\$1\b`),
	placeholder: func(n int) string { return "$" + strconv.Itoa(n) },
	quote:       quoteDouble,
	fold: func(column string, beyond bool) string {
		// The collation "C" lower-cases ASCII letters only, whatever the locale of the
		// database (in a Turkish one lower('I') is not 'i').
		return "lower(trim(" + beyondASCII("CAST("+column+" AS text)", "", beyond) + `) COLLATE "C")`
	},
	binary:    func(t string) bool { return t == "BYTEA" },
	uuidBytes: func(string) bool { return false },
	idForms:   postgresForms,
	explain:   explainPostgres,
	command:   commandPostgres,
}

var errDSN = errors.New("the data source name cannot be read")

// connectTimeout bounds the connection to a server if the data source name
// does not.
const connectTimeout = 10 * time.Second

func openPostgres(dsn string, _ time.Duration) (*target, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errDSN // the driver's text may hold the password
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	if !strings.Contains(dsn, "default_query_exec_mode") {
		// No named statements, so that a transaction pool such as PgBouncer will do.
		cfg.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "syncagent"
	}
	t := &target{
		db:        stdlib.OpenDB(*cfg),
		server:    postgresURL(cfg.Host, cfg.Port, cfg.Database),
		directory: "postgres:" + cfg.Database,
		secrets:   []string{cfg.Password},
	}
	several := false
	for _, f := range cfg.Fallbacks {
		several = several || f.Host != cfg.Host || f.Port != cfg.Port
	}
	t.inspect = func(conn *sql.Conn, t *target) { inspectPostgres(conn, t, cfg.Database, several) }
	return t, nil
}

func postgresURL(host string, port uint16, database string) string {
	u := url.URL{Scheme: "postgres", Path: "/" + database}
	if strings.HasPrefix(host, "/") {
		u.RawQuery = "host=" + host
	} else {
		u.Host = net.JoinHostPort(host, strconv.Itoa(int(port)))
	}
	return u.String()
}

// inspectPostgres learns the encoding, and which of several hosts answered.
func inspectPostgres(conn *sql.Conn, t *target, database string, several bool) {
	_ = conn.Raw(func(c any) error {
		pg, ok := c.(*stdlib.Conn)
		if !ok {
			return nil
		}
		switch pg.Conn().PgConn().ParameterStatus("server_encoding") {
		case "UTF8", "SQL_ASCII": // the latter takes any bytes
		default:
			t.narrow = true
		}
		if several {
			u := url.URL{Scheme: "postgres", Host: pg.Conn().PgConn().Conn().RemoteAddr().String(), Path: "/" + database}
			t.server = u.String()
		}
		return nil
	})
}

func beginPostgres(ctx context.Context, conn *sql.Conn, timeout time.Duration) (*tx, error) {
	// Settings are local to the transaction: they work behind a transaction pool
	// and leave nothing behind.
	return begun(ctx, conn,
		"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
		"SET LOCAL statement_timeout = "+milliseconds(timeout),
		"SET LOCAL TimeZone = 'UTC'",
	)
}

func postgresForms(id, databaseType string) []any {
	switch {
	case databaseType == "BYTEA":
		if b, err := mapping.HexBytes(id); err == nil {
			return []any{b}
		}
		return nil
	case databaseType == "UUID":
		if isCanonicalUUID(id) {
			return []any{id}
		}
		return nil
	case isIntegerType(databaseType):
		return integerForms(id)
	}
	return textForms(id)
}

// explainPostgres knows the SQLSTATE codes (PostgreSQL manual, appendix A).
func explainPostgres(err error) (advice, bool) {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return advice{}, false
	}
	switch {
	case strings.HasPrefix(e.Code, "28"):
		return advice{reconcile.UnusableLoginRefused, hintLogin}, true
	case e.Code == "3D000":
		return advice{reconcile.UnusableUnreachable, hintDatabase}, true
	case e.Code == "42501":
		return advice{reconcile.UnusableQueryFailed, hintRights}, true
	case e.Code == "57014":
		return advice{reconcile.UnusableTimeout, hintTimeout}, true
	case e.Code == "25006":
		return advice{reconcile.UnusableQueryFailed, hintReadOnly}, true
	case strings.HasPrefix(e.Code, "57P"), strings.HasPrefix(e.Code, "08"):
		return advice{reconcile.UnusableConnectionLost, hintLost}, true
	case strings.HasPrefix(e.Code, "53"):
		return advice{reconcile.UnusableLimitReached, "The server is at one of its limits (connections, memory, disk). Its log says more."}, true
	}
	return advice{reconcile.UnusableQueryFailed, hintQuery}, true
}

func commandPostgres(dsn, query string) string {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return "psql DSN -c " + shellWord(query)
	}
	line := "psql -h " + shellWord(cfg.Host) + " -p " + strconv.Itoa(int(cfg.Port)) + " -U " + shellWord(cfg.User) +
		" -d " + shellWord(cfg.Database)
	return line + " -c " + shellWord(query)
}
