package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Append writes records, all or none, and returns when they are on disk. Of
// each, Run, Event, Phase and Fields are used. Errors: ErrSecret, *BrokenError
// (somebody else changed the file), *WriteError (nothing may be done).
func (l *Log) Append(ctx context.Context, records ...Record) error {
	for _, r := range records {
		if err := checkFields(r.Fields); err != nil {
			return err
		}
		if r.Event == "" {
			return errors.New("audit record without an event")
		}
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
		err = l.write(nil, records...)
	}
	return errors.Join(err, unlockFile(l.file))
}

// write appends records after the head, in one write, and brings them to disk.
// The file is locked.
func (l *Log) write(text []byte, records ...Record) error {
	head := l.head
	for _, r := range records {
		sealed := l.seal(r, head)
		line := sealed.line()
		if len(line) > maxLine {
			return fmt.Errorf("audit record %q has %d bytes, more than %d", r.Event, len(line), maxLine)
		}
		text = append(text, line...)
		head = sealed.anchor()
	}
	if _, err := l.file.Write(text); err != nil {
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
	l.head, l.size = head, l.size+int64(len(text))
	return nil
}

// seal completes a record that follows prev.
func (l *Log) seal(r Record, prev Anchor) Record {
	r.Seq, r.Time, r.Prev = prev.Seq+1, l.opts.Now().UTC(), prev.Hash
	r.Fields = redactFields(r.Fields, l.opts.Redact)
	r.Signature = ""
	r.Hash = r.digest()
	if l.key != nil {
		r.Signature = sign(l.key, r.Hash)
	}
	return r
}
