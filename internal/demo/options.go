package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"
)

// OlderVersion is what Options.Older simulates.
const OlderVersion = "0.15.5"

// The sizes that the demonstration works with.
const (
	MinUsers = 50
	MaxUsers = 20000
)

// Options of Run.
type Options struct {
	// Users is how many people the directory has, MinUsers to MaxUsers.
	Users int
	// Older simulates a mail server before 0.16 (OlderVersion).
	Older bool
	// Dir receives configuration, directory, state and audit log; it is made if
	// it does not exist and must be empty. Empty: a new temporary folder.
	Dir string
	// Out is where the story is told; nil tells nothing.
	Out io.Writer
	// Short leaves everything out but one line per step.
	Short bool
	// Color allows ANSI colours.
	Color bool
	// Log receives what the runs log; nil is nothing.
	Log *zap.Logger
	// Now is the clock that tells the real time; nil is time.Now.
	Now func() time.Time
}

// DirError says that a folder cannot be used.
type DirError struct {
	Dir string
	Err error
}

func (e *DirError) Error() string { return fmt.Sprintf("--dir %s: %v", e.Dir, e.Err) }

// Unwrap gives the cause.
func (e *DirError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *DirError) Hint() string { return "give a folder that is empty or does not exist yet" }

// WrongError says that the demonstration did not come out as it must: somebody
// would open somebody else's mail, or a step did something else than told.
type WrongError struct{ What string }

func (e *WrongError) Error() string { return "this is not what should happen: " + e.What }

// Hint is what a person can do.
func (e *WrongError) Hint() string {
	return "this is a mistake in syncagent; please report it with the folder of the demonstration"
}

var errNotEmpty = errors.New("the folder is not empty")

// folder makes the folder of the demonstration. own tells that it is a
// temporary one.
func folder(dir string) (path string, own bool, err error) {
	if dir == "" {
		path, err = os.MkdirTemp("", "syncagent-demo-")
		return path, true, err
	}
	if path, err = filepath.Abs(dir); err != nil {
		return "", false, &DirError{dir, err}
	}
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = os.MkdirAll(path, 0o700)
	case err == nil && len(entries) > 0:
		err = errNotEmpty
	}
	if err != nil {
		return "", false, &DirError{dir, withoutPath(err)}
	}
	return path, false, nil
}

func withoutPath(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// Run gives the demonstration. A cancel ends it; a temporary folder is then
// removed. Errors: *DirError, *WrongError, context errors, and those of runs.
func Run(ctx context.Context, o Options) (*Summary, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Users < MinUsers || o.Users > MaxUsers {
		return nil, fmt.Errorf("a demonstration needs %d to %d people, not %d", MinUsers, MaxUsers, o.Users)
	}
	dir, own, err := folder(o.Dir)
	if err != nil {
		return nil, err
	}
	began := o.Now()
	w, err := newWorld(ctx, o, dir)
	if err == nil {
		err = w.story(ctx)
		err = firstError(err, w.close())
	}
	if ctx.Err() != nil {
		if own {
			err = errors.Join(ctx.Err(), os.RemoveAll(dir))
		}
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w (the folder is %s)", err, dir)
	}
	w.sum.DurationMS = o.Now().Sub(began).Milliseconds()
	w.ending()
	return w.sum, nil
}
