package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Backup writes a complete copy of the ledger as of now into a new file of
// mode 0600, without disturbing a run. It never overwrites a file
// (fs.ErrExist), and removes what it began if it fails.
func (l *Ledger) Backup(ctx context.Context, file string) (err error) {
	if !l.Exists() && l.write == nil {
		return wrap("back up the ledger", fmt.Errorf("%s: %w", l.path(), ErrNotFound))
	}
	target, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) //nolint:gosec // The path is the administrator's.
	if err != nil {
		return wrap("back up the ledger", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(wrap("back up the ledger", err), os.Remove(file))
		}
	}()
	if err = target.Close(); err != nil {
		return err
	}
	// The connections that only read a file refuse to write any other too.
	db := l.write
	if db == nil {
		db = l.read
	}
	// VACUUM INTO takes an empty file as its target and leaves no log beside it.
	if _, err = db.ExecContext(ctx, "VACUUM INTO ?", file); err != nil {
		return err
	}
	return errors.Join(syncPath(file), syncPath(filepath.Dir(file)))
}

// syncPath brings a file or directory to disk.
func syncPath(path string) error {
	f, err := os.Open(path) //nolint:gosec // The path is the administrator's.
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// CheckBackup proves that a file is a whole and undamaged ledger that this
// version can use, without changing it, and tells what is in it. Errors as of
// Open.
func CheckBackup(ctx context.Context, file string) (sum Summary, err error) {
	if _, err := os.Stat(file); err != nil {
		return Summary{}, wrap("check backup", err)
	}
	source, err := sql.Open("sqlite", fileURI(file, url.Values{"mode": {"ro"}, "immutable": {"1"}}))
	if err != nil {
		return Summary{}, wrap("check backup "+file, err)
	}
	var verdict string
	err = source.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict)
	if err = errors.Join(err, source.Close()); err != nil {
		return Summary{}, wrap("check backup "+file, err)
	}
	if verdict != "ok" {
		return Summary{}, fmt.Errorf("check backup %s: %w (%s)", file, ErrCorrupt, verdict)
	}
	l := &Ledger{dir: filepath.Dir(file), now: time.Now}
	if err := l.openCopyOf(ctx, file); err != nil {
		return Summary{}, errors.Join(wrap("check backup "+file, err), l.Close())
	}
	if !l.Exists() {
		return Summary{}, errors.Join(fmt.Errorf("check backup %s: %w (it is empty)", file, ErrCorrupt), l.Close())
	}
	sum, err = l.Summary(ctx)
	return sum, errors.Join(err, l.Close())
}

// RestoreBackup checks a backup and puts a copy of it in place as the ledger
// of a state directory that has none. An old ledger must be moved away by the
// caller, with the lock held (fs.ErrExist).
func RestoreBackup(ctx context.Context, opts Options, file string) (Summary, error) {
	sum, err := CheckBackup(ctx, file)
	if err != nil {
		return sum, err
	}
	if opts.Command == "" {
		opts.Command = "syncagent"
	}
	path := filepath.Join(opts.Dir, DatabaseName)
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if _, err := os.Lstat(name); err == nil {
			return sum, fmt.Errorf("restore the ledger: %s: %w", name, os.ErrExist)
		}
	}
	if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
		return sum, wrap("restore the ledger", err)
	}
	if err := checkOwner(opts.Dir, opts.Command); err != nil {
		return sum, wrap("restore the ledger", err)
	}
	// A name of its own first: a crash leaves no half of a ledger.
	draft := path + ".restoring"
	if err := os.Remove(draft); err != nil && !errors.Is(err, os.ErrNotExist) {
		return sum, wrap("restore the ledger", err)
	}
	err = copyFile(file, draft)
	if err == nil {
		err = errors.Join(syncPath(draft), os.Rename(draft, path), syncPath(opts.Dir))
	}
	return sum, wrap("restore the ledger", err)
}
