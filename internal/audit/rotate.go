package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Reopen opens the file anew by its name, for logrotate (SIGHUP after
// "create"); the new file goes on from the last record of the old one.
// Append does the same by itself when the name leads to another file.
func (l *Log) Reopen(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return &WriteError{File: l.opts.File, Err: os.ErrClosed}
	}
	return l.follow(ctx)
}

// follow changes to the file that the log's name leads to now.
func (l *Log) follow(ctx context.Context) error {
	held, err := l.file.Stat()
	if err != nil {
		return &WriteError{File: l.opts.File, Err: err}
	}
	named, err := os.Stat(l.opts.File)
	if err == nil && os.SameFile(held, named) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &WriteError{File: l.opts.File, Err: err}
	}
	old, head, size := l.file, l.head, l.size
	if err := l.finishOld(ctx); err != nil {
		return err
	}
	last := l.head
	if err := l.open(ctx, &last); err != nil {
		l.file, l.head, l.size = old, head, size
		return fmt.Errorf("go on in a new audit log: %w", err)
	}
	return old.Close()
}

// finishOld takes in what another process appended to the old file.
func (l *Log) finishOld(ctx context.Context) error {
	if err := lockFile(ctx, l.file); err != nil {
		return &WriteError{File: l.opts.File, Err: err}
	}
	return errors.Join(l.catchUp(ctx), unlockFile(l.file))
}

// catchUp takes in what another process appended since, and proves that it
// goes on from our last record. The file is locked.
func (l *Log) catchUp(ctx context.Context) error {
	info, err := l.file.Stat()
	if err != nil {
		return &WriteError{File: l.opts.File, Err: err}
	}
	switch {
	case info.Size() == l.size:
		return nil
	case info.Size() < l.size:
		return &BrokenError{
			File: l.opts.File, Seq: l.head.Seq, Fault: FaultTruncated,
			Detail: "the file became shorter while it was open (logrotate must use create, not copytruncate)",
		}
	}
	c := newChain(l.key)
	c.head, c.set = l.head, true
	v, err := verifyFrom(ctx, l.file, l.size, info.Size(), verifier{chain: c})
	if err != nil {
		return exactLine(ctx, l.opts.File, err, l.key, nil)
	}
	t, err := v.tail()
	if err != nil {
		return exactLine(ctx, l.opts.File, err, l.key, nil)
	}
	l.head, l.size = t.head, info.Size()
	return l.recover(t)
}
