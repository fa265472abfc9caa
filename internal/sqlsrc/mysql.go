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

	"github.com/go-sql-driver/mysql"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

var mysqlDialect = dialect{
	open:        openMySQL,
	begin:       beginMySQL,
	parameter:   regexp.MustCompile(`\?`),
	placeholder: questionMark,
	quote:       func(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" },
	fold: func(column string, beyond bool) string {
		return "lower(" + beyondASCII("trim(convert("+column+" using utf8mb4))", "", beyond) + ")"
	},
	binary:    mysqlBinary,
	uuidBytes: func(t string) bool { return t == "BINARY" },
	idForms:   mysqlForms,
	explain:   explainMySQL,
	command:   commandMySQL,
}

func openMySQL(dsn string, _ time.Duration) (*target, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, errDSN // the driver's text may hold the password
	}
	if cfg.DBName == "" {
		return nil, errors.New("the data source name lacks the database: user:password@tcp(host:port)/database")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = connectTimeout
	}
	cfg.Loc = time.UTC
	cfg.ParseTime = false // dates such as 0000-00-00 would break the row; mapping reads the text
	cfg.MultiStatements = false
	cfg.InterpolateParams = false
	cfg.AllowAllFiles = false
	cfg.Logger = &mysql.NopLogger{} // everything it says comes as an error too
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, errDSN
	}
	server := "mysql://" + cfg.Addr + "/" + cfg.DBName
	if cfg.Net == "unix" {
		server = "mysql:///" + cfg.DBName + "?socket=" + cfg.Addr
	}
	return &target{
		db: sql.OpenDB(connector), server: server, directory: "mysql:" + cfg.DBName, secrets: []string{cfg.Passwd},
	}, nil
}

func beginMySQL(ctx context.Context, conn *sql.Conn, timeout time.Duration) (*tx, error) {
	var version string
	if err := conn.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return nil, err
	}
	limit := "SET SESSION max_execution_time = " + milliseconds(timeout)
	if strings.Contains(strings.ToLower(version), "mariadb") {
		limit = "SET SESSION max_statement_time = " + strconv.FormatFloat(max(timeout.Seconds(), 0.001), 'f', 3, 64)
	}
	return begun(ctx, conn,
		limit,
		"SET SESSION time_zone = '+00:00'",
		"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
		// Without WITH CONSISTENT SNAPSHOT the first read would fix the view; with it
		// all statements see the moment of this one.
		"START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
	)
}

func mysqlBinary(t string) bool {
	switch t {
	case "BINARY", "VARBINARY", "BLOB", "TINYBLOB", "MEDIUMBLOB", "LONGBLOB", "BIT", "GEOMETRY":
		return true
	}
	return false
}

func mysqlForms(id, databaseType string) []any {
	switch {
	case databaseType == "BINARY" && isCanonicalUUID(id):
		if b, err := mapping.UUIDBytes(id); err == nil {
			return []any{b}
		}
		return nil
	case mysqlBinary(databaseType):
		if b, err := mapping.HexBytes(id); err == nil {
			return []any{b}
		}
		return nil
	case isIntegerType(databaseType):
		return integerForms(id)
	}
	return textForms(id)
}

// explainMySQL knows error numbers of MySQL and MariaDB (their manuals, server
// error reference).
func explainMySQL(err error) (advice, bool) {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return advice{}, false
	}
	switch e.Number {
	case 1045, 1698, 1130, 3118, 4151:
		return advice{reconcile.UnusableLoginRefused, hintLogin}, true
	case 1049:
		return advice{reconcile.UnusableUnreachable, hintDatabase}, true
	case 1044, 1142, 1143, 1227:
		return advice{reconcile.UnusableQueryFailed, hintRights}, true
	case 1060:
		return advice{reconcile.UnusableQueryFailed, "Two columns of sql.query have the same name. Give one of them another with AS."}, true
	case 1969, 3024, 1205:
		return advice{reconcile.UnusableTimeout, hintTimeout}, true
	case 1317, 1927, 1053:
		return advice{reconcile.UnusableConnectionLost, hintLost}, true
	case 1792:
		return advice{reconcile.UnusableQueryFailed, hintReadOnly}, true
	case 1040, 1203, 1226:
		return advice{reconcile.UnusableLimitReached, "The server allows no more connections. Raise its limit or that of the account."}, true
	}
	return advice{reconcile.UnusableQueryFailed, hintQuery}, true
}

func commandMySQL(dsn, query string) string {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return "mysql DATABASE -e " + shellWord(query)
	}
	line := "mysql"
	if host, port, err := net.SplitHostPort(cfg.Addr); cfg.Net == "tcp" && err == nil {
		line += " -h " + shellWord(host) + " -P " + shellWord(port)
	} else {
		line += " -S " + shellWord(cfg.Addr)
	}
	return line + " -u " + shellWord(cfg.User) + " -p " + shellWord(cfg.DBName) + " -e " + shellWord(query)
}
