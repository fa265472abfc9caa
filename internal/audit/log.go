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

// Append writes one record and returns when it is on disk. Of r, Run, Event,
// Phase and Fields are used. Errors: ErrSecret, *BrokenError (somebody else
// changed the file), *WriteError (nothing may be done).
func (l *Log) Append(ctx context.Context, r Record) error {
	if err := checkFields(r.Fields); err != nil {
		return err
	}
	if r.Event == "" {
		return errors.New("audit record without an event")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return l.failed
	}
	if l.file == nil {
		return &WriteError{File: l.opts.File, Err: os.ErrClosed}
	}
	if err := l.follow(ctx); err != nil {
		return err
	}
	if err := lockFile(ctx, l.file); err != nil {
		return &WriteError{File: l.opts.File, Err: err}
	}
	err := l.catchUp(ctx)
	if err == nil {
		err = l.write(nil, r)
	}
	return errors.Join(err, unlockFile(l.file))
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

// write appends a record after the head and brings it to disk. The file is
// locked.
func (l *Log) write(prefix []byte, r Record) error {
	r.Seq, r.Time, r.Prev = l.head.Seq+1, l.opts.Now().UTC(), l.head.Hash
	r.Fields = redactFields(r.Fields, l.opts.Redact)
	r.Hash, r.Signature = "", ""
	r.Hash = r.digest()
	if l.key != nil {
		r.Signature = sign(l.key, r.Hash)
	}
	line := append(prefix, r.line()...)
	if len(line) > maxLine {
		return fmt.Errorf("audit record %q has %d bytes, more than %d", r.Event, len(line), maxLine)
	}
	if _, err := l.file.Write(line); err != nil {
		// These bytes were never acknowledged, and the file is locked.
		if undo := l.file.Truncate(l.size); undo != nil {
			l.failed = &WriteError{File: l.opts.File, Err: errors.Join(err, undo)}
		}
		return &WriteError{File: l.opts.File, Err: err}
	}
	if err := l.file.Sync(); err != nil {
		// After a failed fsync nobody knows what is on disk, and a second one may lie.
		l.failed = &WriteError{File: l.opts.File, Err: err}
		return l.failed
	}
	l.head, l.size = r.anchor(), l.size+int64(len(line))
	return nil
}
