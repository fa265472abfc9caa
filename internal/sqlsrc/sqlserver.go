package sqlsrc

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

// sqlserverDialect follows Microsoft's documentation; it has not met a server
// in a test.
var sqlserverDialect = dialect{
	open:        openSQLServer,
	begin:       beginSQLServer,
	parameter:   regexp.MustCompile(`(?i)@p1\b`),
	placeholder: func(n int) string { return "@p" + strconv.Itoa(n) },
	quote:       func(name string) string { return "[" + strings.ReplaceAll(name, "]", "]]") + "]" },
	fold: func(column string, beyond bool) string {
		return "lower(" + beyondASCII("ltrim(rtrim(CAST("+column+" AS nvarchar(max))))", "N", beyond) + ") COLLATE Latin1_General_CI_AS"
	},
	wraps:     sqlserverWraps,
	binary:    sqlserverBinary,
	uuidBytes: func(string) bool { return false },
	idForms:   sqlserverForms,
	explain:   explainSQLServer,
	command:   commandSQLServer,
}

// sqlserverWraps: neither WITH nor ORDER BY may stand in a derived table.
func sqlserverWraps(query string) bool { return !notInFrom.MatchString(query) }

var notInFrom = regexp.MustCompile(`(?is)^(\s|--[^\n]*\n|/\*.*?\*/)*with\b|\border\s+by\b`)

func openSQLServer(dsn string, _ time.Duration) (*target, error) {
	cfg, err := msdsn.Parse(dsn)
	if err != nil {
		return nil, errDSN // the driver's text may hold the password
	}
	if cfg.DialTimeout == 0 {
		cfg.DialTimeout = connectTimeout
	}
	return &target{
		db:        sql.OpenDB(mssql.NewConnectorConfig(cfg)),
		server:    "sqlserver://" + sqlserverHost(cfg) + "/" + cfg.Database,
		directory: "sqlserver:" + cfg.Database,
		secrets:   []string{cfg.Password},
	}, nil
}

func sqlserverHost(cfg msdsn.Config) string {
	host := cfg.Host
	if cfg.Port != 0 {
		host = net.JoinHostPort(host, strconv.FormatUint(cfg.Port, 10))
	}
	if cfg.Instance != "" {
		host += "/" + cfg.Instance
	}
	return host
}

// beginSQLServer uses SNAPSHOT, the one level that neither blocks writers nor
// sees their half. The driver knows no read-only transactions; the account
// should only have the right to read.
func beginSQLServer(ctx context.Context, conn *sql.Conn, timeout time.Duration) (*tx, error) {
	if _, err := conn.ExecContext(ctx, "SET LOCK_TIMEOUT "+milliseconds(timeout)); err != nil {
		return nil, err
	}
	t, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSnapshot})
	if err != nil {
		return nil, err
	}
	return &tx{queryer: t, end: func() { _ = t.Rollback() }}, nil
}

func sqlserverBinary(t string) bool {
	switch t {
	case "BINARY", "VARBINARY", "IMAGE", "UNIQUEIDENTIFIER", "TIMESTAMP", "ROWVERSION":
		return true
	}
	return false
}

func sqlserverForms(id, databaseType string) []any {
	switch {
	case databaseType == "UNIQUEIDENTIFIER":
		if isCanonicalUUID(id) {
			return []any{id} // the server converts text to its byte order
		}
		return nil
	case sqlserverBinary(databaseType):
		if b, err := mapping.HexBytes(id); err == nil {
			return []any{b}
		}
		return nil
	case isIntegerType(databaseType):
		return integerForms(id)
	}
	return textForms(id)
}

// explainSQLServer knows error numbers (Database Engine events and errors).
func explainSQLServer(err error) (advice, bool) {
	var e mssql.Error
	if !errors.As(err, &e) {
		return advice{}, false
	}
	switch e.Number {
	case 18456, 18452, 18470, 18487, 18488:
		return advice{reconcile.UnusableLoginRefused, hintLogin}, true
	case 4060:
		return advice{reconcile.UnusableUnreachable, hintDatabase}, true
	case 229, 230, 916:
		return advice{reconcile.UnusableQueryFailed, hintRights}, true
	case 3951, 3952, 3956:
		return advice{reconcile.UnusableQueryFailed, "Allow consistent reads once: ALTER DATABASE name SET ALLOW_SNAPSHOT_ISOLATION ON."}, true
	case 1222:
		return advice{reconcile.UnusableTimeout, hintTimeout}, true
	case 596, 6005:
		return advice{reconcile.UnusableConnectionLost, hintLost}, true
	}
	return advice{reconcile.UnusableQueryFailed, hintQuery}, true
}

func commandSQLServer(dsn, query string) string {
	cfg, err := msdsn.Parse(dsn)
	if err != nil {
		return "sqlcmd -d DATABASE -Q " + shellWord(query)
	}
	server := cfg.Host
	if cfg.Instance != "" {
		server += `\` + cfg.Instance
	}
	if cfg.Port != 0 {
		server += "," + strconv.FormatUint(cfg.Port, 10)
	}
	return "sqlcmd -S " + shellWord(server) + " -d " + shellWord(cfg.Database) + " -U " + shellWord(cfg.User) + " -Q " + shellWord(query)
}
