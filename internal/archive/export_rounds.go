package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// listing is what a type holds at one moment.
type listing struct {
	ids   []string
	state string
	blobs map[string]bool
	// boxes counts the messages of each mailbox.
	boxes map[string]int
}

func (l listing) same(ids []string, state string) bool {
	return l.state != "" && l.state == state && slices.Equal(l.ids, ids)
}

// lookUp proves that the account exists; its record is written anew each time.
func (e *export) lookUp(ctx context.Context) error {
	name, record, err := e.server.Record(ctx, e.o.Account)
	if err != nil {
		return fmt.Errorf("look the account up: %w", err)
	}
	if record == nil {
		return &GoneError{Account: e.o.Account}
	}
	e.name = name
	f, err := writeFile(filepath.Join(e.dir, accountFile), e.seal, func(w *hashingWriter) error {
		_, err := w.Write(record)
		return err
	})
	if err == nil {
		e.files[e.seal.name(accountFile)] = f
	}
	return err
}

// rounds reads what changed since the round before, until a whole round finds
// every list and state as they stand in the archive and the account still there.
func (e *export) rounds(ctx context.Context) error {
	for range e.o.Rounds {
		changed := false
		for _, p := range parts {
			c, err := e.catchUp(ctx, p)
			if err != nil {
				return fmt.Errorf("read %s: %w", p.kind, err)
			}
			changed = changed || c
		}
		if err := e.lookUp(ctx); err != nil {
			return err
		}
		if changed {
			continue
		}
		agree, err := e.countsAgree(ctx)
		if err != nil || agree {
			return err
		}
		delete(e.written, "Mailbox")
		delete(e.written, "Email")
	}
	return &ChangingError{Rounds: e.o.Rounds}
}

// catchUp writes the file of a type if it is not what the server has now.
func (e *export) catchUp(ctx context.Context, p part) (changed bool, err error) {
	ids, state, err := e.server.List(ctx, e.o.Account, p.kind)
	if o, ok := errors.AsType[omitted](err); ok {
		return e.omit(p, o)
	}
	if err != nil || e.written[p.kind].same(ids, state) {
		return false, err
	}
	delete(e.omitted, p.kind)
	l := listing{ids: ids, state: state, blobs: map[string]bool{}, boxes: map[string]int{}}
	missing := 0
	file, err := writeFile(filepath.Join(e.dir, p.file), e.seal, func(w *hashingWriter) error {
		a := &arrayWriter{w: w}
		gone, err := e.server.Objects(ctx, e.o.Account, p.kind, ids, p.properties, func(raw json.RawMessage) error {
			have, err := e.content(ctx, p, raw, &l)
			if err != nil {
				return err
			}
			if !have {
				missing++
				return nil
			}
			e.tell(p.kind, a.count+1, len(ids))
			return a.add(raw)
		})
		missing += gone
		if err != nil {
			return err
		}
		return a.end()
	})
	if err != nil {
		return false, err
	}
	if missing > 0 {
		l.state = "" // something went meanwhile: the next round reads the list again
	}
	e.files[e.seal.name(p.file)], e.written[p.kind] = file, l
	return true, nil
}

// omit notes that a type cannot be had. Its file is there all the same, empty,
// because the official tool wants it, except that of rawKind.
func (e *export) omit(p part, why omitted) (changed bool, err error) {
	o := Omission{Kind: p.kind}
	o.Reason, o.Lost = why.Omitted()
	if before, ok := e.omitted[p.kind]; ok && before == o {
		return false, nil
	}
	e.omitted[p.kind] = o
	delete(e.written, p.kind)
	delete(e.files, e.seal.name(p.file))
	if p.kind == rawKind {
		err = os.Remove(filepath.Join(e.dir, e.seal.name(p.file)))
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return true, err
	}
	e.files[e.seal.name(p.file)], err = writeFile(filepath.Join(e.dir, p.file), e.seal, func(w *hashingWriter) error {
		return (&arrayWriter{w: w}).end()
	})
	e.written[p.kind] = listing{}
	return true, err
}

// content fetches what an object refers to, unless it is there.
func (e *export) content(ctx context.Context, p part, raw json.RawMessage, l *listing) (have bool, err error) {
	var o struct {
		BlobID     string          `json:"blobId"`
		Size       *int64          `json:"size"`
		MailboxIDs map[string]bool `json:"mailboxIds"`
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return false, fmt.Errorf("an object of an unexpected form: %w", err)
	}
	if !p.blobs {
		return true, nil
	}
	if o.BlobID == "" && (p.kind == "FileNode" || p.kind == rawKind) { // a folder
		if o.Size != nil && *o.Size > 0 {
			return false, fmt.Errorf("the server announces %d bytes of a %s and no content", *o.Size, p.kind)
		}
		return true, nil
	}
	plain, err := blobFile(o.BlobID)
	if err != nil {
		return false, err
	}
	path := e.seal.name(plain)
	if _, ok := e.index.files[path]; !ok {
		if have, err = e.fetch(ctx, o.BlobID, plain); err != nil || !have {
			return have, err
		}
	}
	if got := e.index.files[path].plain().Size; o.Size != nil && *o.Size != got {
		return false, fmt.Errorf("the content of blob %s has %d bytes, the server announces %d", o.BlobID, got, *o.Size)
	}
	l.blobs[path] = true
	for id, in := range o.MailboxIDs {
		if in {
			l.boxes[id]++
		}
	}
	return true, nil
}

// fetch downloads a content.
func (e *export) fetch(ctx context.Context, blob, plain string) (found bool, err error) {
	file, err := writeFile(filepath.Join(e.dir, plain), e.seal, func(w *hashingWriter) error {
		var err error
		found, err = e.server.Blob(ctx, e.o.Account, blob, func() (io.Writer, error) { return w, w.reset() })
		return err
	})
	switch {
	case err != nil:
		return false, err
	case !found:
		return false, os.Remove(filepath.Join(e.dir, e.seal.name(plain)))
	}
	e.bytes += file.plain().Size
	return true, e.index.add(e.seal.name(plain), file)
}

// countsAgree compares the messages of every mailbox with the server's own count.
func (e *export) countsAgree(ctx context.Context) (bool, error) {
	agree, boxes := true, maps.Clone(e.written["Email"].boxes)
	missing, err := e.server.Objects(ctx, e.o.Account, "Mailbox", e.written["Mailbox"].ids, []string{"id", "totalEmails"},
		func(raw json.RawMessage) error {
			var m struct {
				ID    string `json:"id"`
				Total *int   `json:"totalEmails"`
			}
			if err := json.Unmarshal(raw, &m); err != nil {
				return err
			}
			agree = agree && m.Total != nil && *m.Total == boxes[m.ID]
			delete(boxes, m.ID)
			return nil
		})
	if err != nil {
		return false, fmt.Errorf("compare the counts of mailboxes: %w", err)
	}
	return agree && missing == 0 && len(boxes) == 0, nil
}

// tidy removes what an earlier try fetched and nothing refers to any more.
func (e *export) tidy() error {
	e.blobs = map[string]bool{}
	for _, l := range e.written {
		maps.Copy(e.blobs, l.blobs)
	}
	present, err := os.ReadDir(filepath.Join(e.dir, blobDir))
	if err != nil {
		return err
	}
	for _, f := range present {
		if path := blobDir + "/" + f.Name(); !e.blobs[path] {
			if err := os.Remove(filepath.Join(e.dir, path)); err != nil {
				return err
			}
		}
	}
	// Lists under another name are of a try with other recipients.
	for _, p := range append([]part{{file: accountFile}}, parts...) {
		for _, name := range []string{p.file, p.file + sealedSuffix} {
			if _, ours := e.files[name]; ours {
				continue
			}
			if err := os.Remove(filepath.Join(e.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	e.index.close()
	return os.Remove(filepath.Join(e.dir, indexFile))
}
