package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// LockName is the lock file in the state directory. It is never deleted: a
// lock on a deleted file would exclude nobody.
const LockName = "lock"

// Holder tells who holds the lock of a state directory.
type Holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

// LockedError says that another run holds the lock.
type LockedError struct {
	// Holder is zero if the holder has not written who it is yet.
	Holder Holder
}

// Error tells who runs since when.
func (e *LockedError) Error() string {
	if e.Holder.PID == 0 {
		return "another run holds the lock"
	}
	return fmt.Sprintf("another run holds the lock: %s (process %d on %s) since %s",
		e.Holder.Command, e.Holder.PID, e.Holder.Host, e.Holder.Since.Format(time.RFC3339))
}

// Lock takes the lock of the state directory for one run, without waiting; who
// is the command that the next one is told about. The lock is an flock: it
// ends with the process, however that ends. Errors: *LockedError,
// ErrReadOnly, fs.ErrPermission.
func (l *Ledger) Lock(ctx context.Context, who string) (release func() error, err error) {
	if l.write == nil {
		return nil, wrap("lock", ErrReadOnly)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(l.dir, LockName), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, wrap("lock", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = &LockedError{Holder: readHolder(file)}
		}
		return nil, errors.Join(wrap("lock", err), file.Close())
	}
	if err := writeHolder(file, l.holder(who)); err != nil {
		return nil, errors.Join(wrap("lock", err), file.Close())
	}
	return func() error {
		// Closing the only descriptor unlocks.
		return wrap("unlock", errors.Join(file.Truncate(0), file.Close()))
	}, nil
}

func (l *Ledger) holder(who string) Holder {
	// Without a host name the process number still says enough.
	host, _ := os.Hostname()
	return Holder{PID: os.Getpid(), Host: host, Command: who, Since: l.now().UTC()}
}

func writeHolder(file *os.File, h Holder) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = file.WriteAt(append(text, '\n'), 0)
	return err
}

// readHolder reads who holds the lock; zero if that is being written.
func readHolder(file *os.File) Holder {
	var h Holder
	text, err := io.ReadAll(io.NewSectionReader(file, 0, 4096))
	if err != nil || json.Unmarshal(text, &h) != nil {
		return Holder{}
	}
	return h
}
