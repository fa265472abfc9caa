package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Options tell where the log is.
type Options struct {
	File string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// SignKey gives the key that records are signed with (HMAC-SHA-256, at least
	// 16 bytes); nil: they are not signed. It is called once, by Open.
	SignKey func() ([]byte, error)
	// Redact replaces secrets that the caller knows in a text; nil: only what
	// looks like a secret is replaced.
	Redact func(string) string
	// Anchor is what the ledger remembers of the end of the log; nil if nothing.
	// A log that does not hold it is broken; an empty file (after a rotation) goes
	// on from it.
	Anchor *Anchor
}

// minKey is the least number of bytes of a key.
const minKey = 16

// Log is an open log. All methods may be called concurrently, also by several
// processes with the same file.
type Log struct {
	opts Options
	key  []byte

	mu   sync.Mutex
	file *os.File
	// head is the last record, size the length of the file that ends with it.
	head Anchor
	size int64
	// failed is why nothing may be appended any more.
	failed error
}

// Open opens the log for appending; a missing file is created with mode 0600.
// The end of the file is verified; a last line that a crash cut short is
// recorded. Errors: *BrokenError, *WriteError.
func Open(ctx context.Context, opts Options) (*Log, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	l := &Log{opts: opts, head: start()}
	if opts.SignKey != nil {
		key, err := opts.SignKey()
		if err != nil {
			return nil, fmt.Errorf("open audit log: read the key: %w", err)
		}
		if len(key) < minKey {
			return nil, fmt.Errorf("open audit log: the key has %d bytes, at least %d are needed", len(key), minKey)
		}
		l.key = key
	}
	if err := l.open(ctx, opts.Anchor); err != nil {
		return nil, fmt.Errorf("open audit log: %w", err)
	}
	return l, nil
}

// open opens the file and goes on where it ends. The caller holds no lock.
func (l *Log) open(ctx context.Context, anchor *Anchor) error {
	file, err := openFile(l.opts.File)
	if err != nil {
		return &WriteError{File: l.opts.File, Err: err}
	}
	if err := lockFile(ctx, file); err != nil {
		return errors.Join(&WriteError{File: l.opts.File, Err: err}, file.Close())
	}
	l.file = file
	if err := errors.Join(l.goOn(ctx, anchor), unlockFile(file)); err != nil {
		l.file = nil
		return errors.Join(err, file.Close())
	}
	return nil
}

// openFile opens or makes the file; a new name is made durable.
func openFile(path string) (*os.File, error) {
	if err := checkRegular(path); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0) //nolint:gosec // The path is the administrator's.
	if !errors.Is(err, os.ErrNotExist) {
		return file, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	file, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600) //nolint:gosec // As above.
	if err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// errNotRegular refuses a device or a pipe: reading one may never end, and
// nothing that is written there can be verified.
var errNotRegular = errors.New("it is not a regular file")

// checkRegular refuses anything that exists and is not a regular file.
func checkRegular(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return &os.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	return nil // opening it tells what is wrong
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // As above.
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// goOn reads how the file ends, and records a rotation or a cut line. The file
// is locked.
func (l *Log) goOn(ctx context.Context, anchor *Anchor) error {
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return l.begin(ctx, anchor)
	}
	t, err := readTail(ctx, l.file, l.key, anchor)
	if err != nil {
		return err
	}
	l.head, l.size = t.head, info.Size()
	return l.recover(t)
}

// begin starts an empty file: the first of all, or one that goes on from
// another.
func (l *Log) begin(ctx context.Context, anchor *Anchor) error {
	l.size = 0
	if anchor != nil {
		l.head = *anchor
	}
	// What logrotate moved away may go further than what the ledger remembers.
	previous, err := ReadHead(ctx, l.opts.File+".1", nil)
	if err == nil && previous.Seq > l.head.Seq {
		l.head = previous
	}
	if l.head.Seq == 0 {
		l.head = start()
		return nil
	}
	return l.write(nil, Record{Event: EventRotated, Phase: "done", Fields: map[string]any{
		"last_seq": l.head.Seq, "last_hash": l.head.Hash,
		"message": "this file goes on from another one, which ends with that record",
	}})
}

// recover records a last line that was cut short. The line stays.
func (l *Log) recover(t tail) error {
	if t.torn == nil {
		return nil
	}
	r := recovery(t.torn)
	if t.whole {
		r.Fields = map[string]any{"message": "the record before lacked its line feed; what it announced was not done"}
	}
	return l.write([]byte{'\n'}, r)
}

// Head is the last record that is known to be on disk; Seq is 0 if there is
// none.
func (l *Log) Head() Anchor {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Close closes the file.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	file := l.file
	l.file = nil
	return file.Close()
}
