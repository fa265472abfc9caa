package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"syncagent/internal/reconcile"
)

// RestoreOptions say which archive goes where.
type RestoreOptions struct {
	// Archive is the directory of a finished archive.
	Archive string
	// Account is the existing account that gets the contents.
	Account reconcile.AccountID
	// Journal is the file that remembers what was done; empty: beside the archive.
	Journal  string
	Progress func(Progress) // may be nil
	// Identity is a file of age identities for an encrypted archive.
	Identity string
}

// Report tells what a restore did.
type Report struct {
	// Name is the account that it went into.
	Name string
	// Restored counts what was made or changed, Existing what was there already,
	// by JMAP type.
	Restored, Existing map[string]int
	// Problems lists what could not be restored, in the order of the archive.
	Problems []Problem
}

// Problem is one object that could not be restored.
type Problem struct {
	Kind   string
	ID     string // in the archive
	Name   string // for people; may be empty
	Reason string
}

// Restore verifies an archive and puts its contents into an account. It adds:
// nothing of the account is overwritten or removed, except that an enabled
// vacation response and signatures are set and the archive's active script is
// activated where the account has none. What is there already is recognised, so
// a second try makes no duplicates; that holds while only one Restore runs.
//
// An error ends it; call it again to go on. The report is filled in so far.
// Errors: BrokenError, IdentityError, GoneError, those of the server and of the file system.
func Restore(ctx context.Context, server Server, o RestoreOptions) (Report, error) {
	report := Report{Restored: map[string]int{}, Existing: map[string]int{}}
	src, err := openSource(o.Archive, o.Identity)
	if err != nil {
		return report, err
	}
	verified, err := VerifyWith(o.Archive, o.Identity)
	if err != nil {
		return report, err
	}
	if s, ok := server.(restorer); ok {
		if err := s.CanRestore(); err != nil {
			return report, fmt.Errorf("restore %s: %w", filepath.Base(o.Archive), err)
		}
	}
	if o.Journal == "" {
		o.Journal = filepath.Clean(o.Archive) + restoreSuffix
	}
	r := &restore{server: server, o: o, src: src, id: o.Account, m: verified, report: &report, ids: map[string]map[string]string{}}
	if err := r.run(ctx); err != nil {
		return report, fmt.Errorf("restore %s into account %q: %w", filepath.Base(o.Archive), string(o.Account), err)
	}
	return report, nil
}

type restore struct {
	server  Server
	o       RestoreOptions
	src     source
	id      reconcile.AccountID
	m       Verified
	journal *journal
	report  *Report
	bytes   int64
	// ids maps archived IDs to those in the account, for mailboxes, address
	// books, calendars and folders.
	ids map[string]map[string]string
}

func (r *restore) run(ctx context.Context) error {
	if err := r.lookUp(ctx); err != nil {
		return err
	}
	var err error
	if r.journal, err = openJournal(r.o.Journal, r.m.ManifestSHA256, r.id); err != nil {
		return err
	}
	defer func() { _ = r.journal.file.Close() }() // each line was written at once
	for _, step := range []struct {
		kind, name string
		do         func(context.Context) error
	}{
		{"Mailbox", "mailboxes", r.mailboxes},
		{"Email", "messages", r.messages},
		{"VacationResponse", "the vacation response", r.vacation},
		{"SieveScript", "Sieve scripts", r.scripts},
		{"Identity", "identities", r.identities},
		{"AddressBook", "address books", func(ctx context.Context) error { return r.containers(ctx, "AddressBook") }},
		{"ContactCard", "contacts", func(ctx context.Context) error { return r.items(ctx, "ContactCard", "addressBookIds", "AddressBook") }},
		{"Calendar", "calendars", func(ctx context.Context) error { return r.containers(ctx, "Calendar") }},
		{"CalendarEvent", "events", func(ctx context.Context) error { return r.items(ctx, "CalendarEvent", "calendarIds", "Calendar") }},
		{"FileNode", "files", r.files},
		{rawKind, "what was read over WebDAV", r.raw},
	} {
		err := step.do(ctx)
		if o, ok := errors.AsType[omitted](err); ok {
			r.hidden(step.kind, o)
			err = nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return r.lookUp(ctx)
}

func (r *restore) lookUp(ctx context.Context) error {
	name, record, err := r.server.Record(ctx, r.id)
	if err != nil {
		return fmt.Errorf("look the account up: %w", err)
	}
	if record == nil {
		return &GoneError{Account: r.id}
	}
	r.report.Name = name
	return nil
}

func (r *restore) problem(kind, id, name string, err error) {
	r.report.Problems = append(r.report.Problems, Problem{kind, id, name, err.Error()})
}

func (r *restore) made(kind, from, to string) error {
	r.report.Restored[kind]++
	r.tell(kind)
	return r.journal.note(r.m.ManifestSHA256, kind, from, to)
}

func (r *restore) exists(kind string) {
	r.report.Existing[kind]++
	r.tell(kind)
}

func (r *restore) tell(kind string) {
	if r.o.Progress != nil {
		done := r.report.Restored[kind] + r.report.Existing[kind]
		r.o.Progress(Progress{Kind: kind, Done: done, Total: r.m.Counts[kind], Bytes: r.bytes})
	}
}

// createOne makes one object and reports a refusal; made is "" then.
func (r *restore) createOne(ctx context.Context, kind, from, name string, object any) (made string, err error) {
	raw, err := json.Marshal(object)
	if err != nil {
		return "", err
	}
	ids, refusals, err := r.server.Create(ctx, r.id, kind, []json.RawMessage{raw})
	if err != nil {
		return "", err
	}
	if refusals[0] != nil {
		r.problem(kind, from, name, refusals[0])
		return "", nil //nolint:nilerr // a refusal of one object is reported and does not end the restore
	}
	return ids[0], r.made(kind, from, ids[0])
}

// present reads all objects of a type that the account has.
func (r *restore) present(ctx context.Context, kind string, properties []string, yield func(json.RawMessage) error) error {
	ids, _, err := r.server.List(ctx, r.id, kind)
	if err != nil {
		return err
	}
	_, err = r.server.Objects(ctx, r.id, kind, ids, properties, yield)
	return err
}

// file gives size and hash of the contents of a file.
func (r *restore) file(plain string) File { return r.m.Files[r.src.name(plain)].plain() }

// upload sends a content of the archive.
func (r *restore) upload(ctx context.Context, blob, contentType string) (string, error) {
	name, err := blobFile(blob)
	if err != nil {
		return "", err
	}
	size := r.file(name).Size
	id, err := r.server.Upload(ctx, r.id, contentType, size, func() (io.ReadCloser, error) { return r.src.open(name) })
	r.bytes += size
	return id, err
}
