package sqlsrc

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"modernc.org/sqlite"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

// sqliteBusy is how long a read waits for a writer.
const sqliteBusy = 10 * time.Second

var sqliteDialect = dialect{
	open:        openSQLite,
	begin:       beginSQLite,
	parameter:   regexp.MustCompile(`\?`),
	placeholder: questionMark,
	quote:       quoteDouble,
	fold: func(column string, beyond bool) string {
		return "lower(" + beyondASCII("trim(CAST("+column+" AS TEXT))", "", beyond) + ")"
	},
	binary:    func(string) bool { return true }, // []byte is always a BLOB
	uuidBytes: func(string) bool { return false },
	idForms:   sqliteForms,
	explain:   explainSQLite,
	command: func(dsn, query string) string {
		path, err := sqlitePath(dsn)
		if err != nil {
			path = "FILE"
		}
		return "sqlite3 -readonly " + shellWord(path) + " " + shellWord(query)
	},
}

// openSQLite opens a database file for reading. A missing file is an error:
// SQLite would otherwise create an empty database, a directory without people.
func openSQLite(dsn string, timeout time.Duration) (*target, error) {
	path, err := sqlitePath(dsn)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the database file %s does not exist", path)
	case err != nil:
		return nil, fmt.Errorf("the database file cannot be opened: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", path)
	case info.Size() == 0:
		return nil, fmt.Errorf("the database file %s is empty: it is no database", path)
	}
	options := url.Values{
		"mode":          {"ro"},
		"_busy_timeout": {milliseconds(min(timeout, sqliteBusy))},
		"_query_only":   {"1"},
	}
	uri := url.URL{Scheme: "file", Path: path, RawQuery: options.Encode()}
	db, err := sql.Open("sqlite", uri.String())
	if err != nil {
		return nil, err
	}
	name := "sqlite:" + path
	return &target{db: db, server: name, directory: name}, nil
}

// sqlitePath gives the absolute path of a data source name, which may be
// written as file: URI without options.
func sqlitePath(dsn string) (string, error) {
	path := strings.TrimSpace(dsn)
	if rest, ok := strings.CutPrefix(path, "file:"); ok {
		u, err := url.Parse("file:" + rest)
		if err != nil {
			return "", errors.New("the data source name is no file: URI")
		}
		path = u.Path + u.Opaque
		for key, values := range u.Query() {
			if key != "mode" || values[0] != "ro" {
				return "", fmt.Errorf("the option %q of a file: URI is not supported; give the path only", key)
			}
		}
	}
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return "", errors.New("the data source name has to be the path of a database file")
	}
	return filepath.Abs(path)
}

func beginSQLite(ctx context.Context, conn *sql.Conn, _ time.Duration) (*tx, error) {
	// Deferred: the first read fixes what the transaction sees.
	return begun(ctx, conn, "BEGIN DEFERRED")
}

// sqliteForms tries every storage class: a column may hold any of them.
func sqliteForms(id, _ string) []any {
	forms := textForms(id)
	forms = append(forms, integerForms(id)...)
	if b, err := mapping.HexBytes(id); err == nil {
		forms = append(forms, b)
	}
	return forms
}

// SQLite's primary result codes (https://sqlite.org/rescode.html).
const (
	sqliteCodeBusy     = 5
	sqliteCodeCorrupt  = 11
	sqliteCodeCantOpen = 14
	sqliteCodeNotADB   = 26
)

func explainSQLite(err error) (advice, bool) {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return advice{}, false
	}
	switch e.Code() & 0xff {
	case sqliteCodeBusy:
		return advice{reconcile.UnusableTimeout, "Another program keeps the database locked. Let it use WAL mode, or shorter transactions."}, true
	case sqliteCodeCantOpen:
		return advice{reconcile.UnusableUnreachable, "Check that the file and its folder are readable for this user. A database in WAL mode also needs its -shm and -wal files, or the right to make them."}, true
	case sqliteCodeCorrupt, sqliteCodeNotADB:
		return advice{reconcile.UnusableQueryFailed, "The file is damaged or no SQLite database."}, true
	}
	return advice{reconcile.UnusableQueryFailed, hintQuery}, true
}
