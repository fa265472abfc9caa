package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that callers decide on with errors.Is.
var (
	// ErrNewer is returned by Open for a ledger that a newer syncagent wrote.
	ErrNewer = errors.New("the ledger was written by a newer version of syncagent: install that version, or restore a backup made by this one")
	// ErrCorrupt is returned when the database is damaged or is not a ledger.
	ErrCorrupt = errors.New("the ledger is damaged: nothing was changed; restore a backup (syncagent state restore)")
	// ErrTampered is returned by Open when an applied migration differs from the
	// one that this program knows.
	ErrTampered = errors.New("the ledger's schema is not the one this version made")
	// ErrDiskFull is returned when the file system or quota has no room left.
	ErrDiskFull = errors.New("no space left for the ledger: free some on the file system of the state directory and try again")
	// ErrIO is returned when reading or writing the files of the ledger failed;
	// SQLite does not tell a full disk from a broken one everywhere.
	ErrIO = errors.New("the files of the ledger cannot be read or written: look whether the file system of the state directory is full, broken or read-only (df, dmesg)")
	// ErrBusy is returned when another process kept the database locked for
	// longer than the wait time.
	ErrBusy = errors.New("the ledger is busy: another syncagent is writing to it; try again")
	// ErrReadOnly is returned by every writing method of a ledger that was opened
	// with ReadOnly.
	ErrReadOnly = errors.New("the ledger was opened for reading only")
	// ErrNotFound is returned where exactly one record was asked for by its key
	// and there is none.
	ErrNotFound = errors.New("not found in the ledger")
	// ErrAmbiguous is returned when a shortened key fits several records.
	ErrAmbiguous = errors.New("several records begin like this: give more of it")
)

// OwnerError says that a state directory belongs to another user than the one
// that wants to write to it.
type OwnerError struct {
	Path string
	// Owner and User are login names, or numbers where there is no name.
	Owner string
	User  string
	// Command is what was started.
	Command string
}

// Error names both users and the line to type.
func (e *OwnerError) Error() string {
	return fmt.Sprintf("%s belongs to %s, but this is %s: type: %s", e.Path, e.Owner, e.User, e.Line())
}

// Line is the command to type instead.
func (e *OwnerError) Line() string {
	return "sudo -u " + e.Owner + " " + e.Command
}

// explain turns a driver's error into one of this package's where it is one
// that a caller decides on; the driver's error stays in the chain.
func explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w (%w)", ErrDiskFull, err)
	}
	var driverErr *sqlite.Error
	if !errors.As(err, &driverErr) {
		return err
	}
	switch driverErr.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w (%w)", ErrDiskFull, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w (%w)", ErrCorrupt, err)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%w (%w)", ErrIO, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w (%w)", ErrBusy, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return fmt.Errorf("%w (%w)", fs.ErrPermission, err)
	}
	return err
}

// wrap names the step that failed.
func wrap(step string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", step, explain(err))
}
