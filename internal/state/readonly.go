package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// copies numbers the databases in memory of this process.
var copies atomic.Int64

// openCopy opens a copy of the database in memory. The schema is brought up to
// date in the copy only.
func (l *Ledger) openCopy(ctx context.Context) error { return l.openCopyOf(ctx, l.path()) }

func (l *Ledger) openCopyOf(ctx context.Context, path string) error {
	memory, err := sql.Open("sqlite", fmt.Sprintf("file:ledger-%d?mode=memory&cache=shared&_pragma=foreign_keys(1)", copies.Add(1)))
	if err != nil {
		return err
	}
	l.read = memory
	memory.SetMaxOpenConns(5)
	if l.pin, err = memory.Conn(ctx); err != nil {
		return err
	}
	if err = copyInto(ctx, memory, path); err != nil {
		return err
	}
	l.before, err = migrate(ctx, memory, l.now)
	return err
}

// copyTries bounds how often a copy begins anew because a writer came in
// between.
const copyTries = 5

// logHeader is the size of a write-ahead log without a single change in it
// (https://sqlite.org/fileformat2.html#walformat). The index of such a log
// cannot be used for reading only; SQLite finds that out after ten seconds.
const logHeader = 32

// copyInto fills an empty database in memory from the file, if there
// is one.
func copyInto(ctx context.Context, memory *sql.DB, path string) error {
	for range copyTries {
		before, err := look(path)
		if err != nil {
			return err
		}
		if before.size == 0 && before.log > 0 {
			return fmt.Errorf("%w (%s is missing or empty, but its log is there)", ErrCorrupt, path)
		}
		if before.size == 0 {
			return nil
		}
		index := before.index && before.log > logHeader
		err = copyOnce(ctx, memory, path, before.log, index)
		if index && unfilled(err) {
			index = false
			err = copyOnce(ctx, memory, path, before.log, index)
		}
		after, lookErr := look(path)
		if lookErr != nil {
			return lookErr
		}
		// Through a shared index the copy is one consistent moment. Without it only
		// an unchanged file is.
		if err == nil && (index || before == after) {
			return nil
		}
		if err != nil && before == after {
			return err
		}
	}
	return ErrBusy
}

// appearance is what tells a change of a database's files.
type appearance struct {
	size, modified int64
	log            int64
	index          bool
}

// look takes the appearance without opening a file: closing a descriptor of a
// database would drop the locks that this process holds on it.
func look(path string) (appearance, error) {
	var a appearance
	for _, part := range []struct {
		suffix string
		fill   func(fs.FileInfo)
	}{
		{"", func(i fs.FileInfo) { a.size, a.modified = i.Size(), i.ModTime().UnixNano() }},
		{"-wal", func(i fs.FileInfo) { a.log = i.Size() }},
		{"-shm", func(fs.FileInfo) { a.index = true }},
	} {
		info, err := os.Stat(path + part.suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return a, err
		}
		part.fill(info)
	}
	return a, nil
}

// copyOnce copies the database without changing a byte of its files.
//
// Where a writer is at work, or was killed, there is a shared index (-shm): it
// is opened for reading only. Where there is no log, or an empty one, the file
// holds everything. A log without an index is read in a temporary place,
// because SQLite would write the index beside it.
func copyOnce(ctx context.Context, memory *sql.DB, path string, log int64, index bool) error {
	switch {
	case index:
		return restore(ctx, memory, fileURI(path, url.Values{"mode": {"ro"}, "readonly_shm": {"1"}}))
	case log <= logHeader:
		return restore(ctx, memory, fileURI(path, url.Values{"mode": {"ro"}, "immutable": {"1"}}))
	}
	dir, err := os.MkdirTemp("", "syncagent-ledger-")
	if err != nil {
		return err
	}
	copied := filepath.Join(dir, DatabaseName)
	err = errors.Join(copyFile(path, copied), copyFile(path+"-wal", copied+"-wal"))
	if err == nil {
		err = restore(ctx, memory, fileURI(copied, nil))
	}
	return errors.Join(err, os.RemoveAll(dir))
}

// unfilled tells that a shared index cannot be read because its writer was
// killed before it had filled it; filling it would change the file.
func unfilled(err error) bool {
	var driverErr *sqlite.Error
	return errors.As(err, &driverErr) &&
		(driverErr.Code() == sqlite3.SQLITE_PROTOCOL || driverErr.Code() == sqlite3.SQLITE_READONLY_RECOVERY ||
			driverErr.Code() == sqlite3.SQLITE_READONLY_CANTINIT)
}

// restorer is the driver's own connection.
type restorer interface {
	NewRestore(uri string) (*sqlite.Backup, error)
}

// restore copies a whole database into another one.
func restore(ctx context.Context, into *sql.DB, uri string) error {
	conn, err := into.Conn(ctx)
	if err != nil {
		return err
	}
	err = conn.Raw(func(driverConn any) error {
		r, ok := driverConn.(restorer)
		if !ok {
			return fmt.Errorf("driver %T cannot copy", driverConn)
		}
		backup, err := r.NewRestore(uri)
		if err != nil {
			return err
		}
		_, err = backup.Step(-1)
		return errors.Join(err, backup.Finish())
	})
	return errors.Join(err, conn.Close())
}

// copyFile copies a file that nobody holds open as a database.
func copyFile(from, to string) (err error) {
	in, err := os.Open(from) //nolint:gosec // The path is the administrator's.
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // As above.
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
