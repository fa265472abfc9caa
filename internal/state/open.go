package state

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // The driver "sqlite".
)

// Mode tells what a ledger is opened for.
type Mode uint8

// The modes. The zero value changes nothing.
const (
	// ReadOnly reads a copy in memory: no file is created or changed.
	ReadOnly Mode = iota
	// ReadWrite creates the ledger where it is missing.
	ReadWrite
)

// Options tell where the ledger is.
type Options struct {
	// Dir is the state directory.
	Dir  string
	Mode Mode
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Command is what the user typed, for the hint of OwnerError; empty means
	// that it is not known.
	Command string
}

// DatabaseName is the ledger's file in the state directory.
const DatabaseName = "state.db"

// busyTimeout is how long a statement waits for another process, in
// milliseconds.
const busyTimeout = "10000"

// Ledger is an open ledger. All methods may be called concurrently; those
// that write wait for each other.
type Ledger struct {
	dir    string
	now    func() time.Time
	before int // schema before Open
	// read serves queries, write is one connection that takes the write lock
	// when a transaction begins; nil if the ledger is open for reading only.
	read  *sql.DB
	write *sql.DB
	// pin keeps a copy in memory alive, which ends with its last connection.
	pin *sql.Conn
}

// Open opens the ledger in opts.Dir.
//
// With ReadWrite it creates directory and database where they are missing and
// applies migrations. With ReadOnly it copies the database into memory; a
// missing one gives an empty ledger whose Exists is false.
//
// Errors: ErrNewer, ErrCorrupt, ErrTampered, ErrBusy, ErrDiskFull,
// *OwnerError, fs.ErrPermission.
func Open(ctx context.Context, opts Options) (*Ledger, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Command == "" {
		opts.Command = "syncagent …"
	}
	l := &Ledger{dir: opts.Dir, now: opts.Now}
	open := l.openCopy
	if opts.Mode == ReadWrite {
		open = func(ctx context.Context) error { return l.openFile(ctx, opts.Command) }
	}
	if err := open(ctx); err != nil {
		if errors.Is(err, fs.ErrPermission) {
			err = cmp.Or(whose(opts.Dir, opts.Command), err)
		}
		return nil, errors.Join(fmt.Errorf("open ledger %s: %w", l.path(), explain(err)), l.Close())
	}
	return l, nil
}

// Exists tells whether there was a ledger before Open.
func (l *Ledger) Exists() bool { return l.before > 0 }

// SchemaBefore is the schema that the ledger had before Open brought it up to
// date (a copy in memory only, with ReadOnly); 0 if there was none.
func (l *Ledger) SchemaBefore() int { return l.before }

// Close closes the ledger. The last writer to close folds the write-ahead log
// into the database.
func (l *Ledger) Close() error {
	var errs []error
	if l.pin != nil {
		errs = append(errs, l.pin.Close())
		l.pin = nil
	}
	if l.read != nil {
		errs = append(errs, l.read.Close())
	}
	if l.write != nil {
		errs = append(errs, l.write.Close())
	}
	return errors.Join(errs...)
}

func (l *Ledger) path() string { return filepath.Join(l.dir, DatabaseName) }

func (l *Ledger) openFile(ctx context.Context, command string) error {
	err := prepareFiles(l.dir, l.path(), command)
	if err != nil {
		return err
	}
	l.write, err = sql.Open("sqlite", fileURI(l.path(), url.Values{
		"_pragma": {
			"busy_timeout(" + busyTimeout + ")", "journal_mode(WAL)", "synchronous(FULL)",
			"foreign_keys(1)", "journal_size_limit(16777216)",
		},
		"_txlock": {"immediate"},
	}))
	if err != nil {
		return err
	}
	l.write.SetMaxOpenConns(1)
	if err := quickCheck(ctx, l.write); err != nil {
		return err
	}
	if l.before, err = migrate(ctx, l.write, l.now); err != nil {
		return err
	}
	l.read, err = sql.Open("sqlite", fileURI(l.path(), url.Values{
		"_pragma": {"busy_timeout(" + busyTimeout + ")", "query_only(1)"},
	}))
	if err == nil {
		l.read.SetMaxOpenConns(4)
	}
	return err
}

// fileURI builds SQLite's file URI; the path may hold any character.
func fileURI(path string, query url.Values) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute // a relative path would be taken for a host name
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// quickCheck finds damage before anything is built on it.
func quickCheck(ctx context.Context, db *sql.DB) error {
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("check: %w (%s)", ErrCorrupt, verdict)
	}
	return nil
}

// prepareFiles makes directory and database file with narrow modes, and
// refuses those of another user.
func prepareFiles(dir, path, command string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := checkOwner(dir, command); err != nil {
		return err
	}
	_, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
			return fmt.Errorf("%w (%s is missing, but its log is there)", ErrCorrupt, path)
		}
	case err != nil:
		return err
	default:
		return checkOwner(path, command)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) //nolint:gosec // The path is the administrator's.
	if err != nil {
		return err
	}
	return file.Close()
}
