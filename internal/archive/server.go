package archive

import (
	"context"
	"encoding/json"
	"io"

	"syncagent/internal/reconcile"
)

// Reader reads what an account holds. Types of objects are named as in JMAP:
// "Email", "Mailbox", "SieveScript" (RFC 8621, 9661) and so on.
type Reader interface {
	// Record gives name and record of an account, without secrets; a nil record
	// if the server says that there is no such account.
	Record(ctx context.Context, id reconcile.AccountID) (name string, record json.RawMessage, err error)
	// List gives the IDs of all objects of a type and a state that changes with
	// every change of them: complete, or an error.
	List(ctx context.Context, id reconcile.AccountID, kind string) (ids []string, state string, err error)
	// Objects gives objects in the order of ids; missing counts those that are
	// gone. properties nil means all.
	Objects(ctx context.Context, id reconcile.AccountID, kind string, ids, properties []string,
		yield func(json.RawMessage) error) (missing int, err error)
	// Blob writes a content to the empty writer that begin gives (for each try);
	// found is false if the server does not have it.
	Blob(ctx context.Context, id reconcile.AccountID, blob string, begin func() (io.Writer, error)) (found bool, err error)
}

// omitted is an error of List, or of a write, that says for certain that the
// server does not have, or does not show, objects of a type. why is empty where
// it is not worth a word; lost tells that there may be objects that the archive
// does not have in another form either.
type omitted interface {
	error
	Omitted() (why string, lost bool)
}

// Writer puts objects into an account. For each item of Import and Create there
// is an ID or a refusal; with an error nobody knows what was done.
type Writer interface {
	Upload(ctx context.Context, id reconcile.AccountID, contentType string, size int64,
		open func() (io.ReadCloser, error)) (blob string, err error)
	Import(ctx context.Context, id reconcile.AccountID, items []json.RawMessage) (ids []string, refusals []error, err error)
	Create(ctx context.Context, id reconcile.AccountID, kind string, items []json.RawMessage) (ids []string, refusals []error, err error)
	Changer
}

// Changer changes what is there already.
type Changer interface {
	Change(ctx context.Context, id reconcile.AccountID, kind, object string, patch json.RawMessage) error
	ActivateScript(ctx context.Context, id reconcile.AccountID, script string) error
}

// Server is what Restore needs: it compares before it writes.
type Server interface {
	Reader
	Writer
}

// restorer is a server that knows beforehand whether the login may restore.
type restorer interface{ CanRestore() error }

// Progress is told while an export or a restore runs.
type Progress struct {
	// Kind is the type that is being worked on, Done of Total its objects.
	Kind        string
	Done, Total int
	// Bytes is how much was transferred.
	Bytes int64
}
