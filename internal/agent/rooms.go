package agent

import (
	"context"

	"syncagent/internal/reconcile"
)

// Source is one external directory.
type Source interface {
	Name() string
	// Snapshot reads all entries. Its error says that nothing could be read; what
	// was read but cannot be believed is told by the evidence.
	Snapshot(ctx context.Context, yield func(reconcile.Entry) error) (reconcile.Evidence, error)
	// OpenLookup connects for look-ups, to another server than avoid if there is
	// one.
	OpenLookup(ctx context.Context, avoid string) (LookupSession, error)
	// Fingerprint is a hash of what the source means: base, filter, mapping.
	Fingerprint() string
	// Commands are lines for people to paste that ask the same, without secrets.
	Commands() []string
}

// LookupSession asks a source about single identities over one connection.
type LookupSession interface {
	Lookup(ctx context.Context, request reconcile.LookupRequest) (reconcile.LookupResult, error)
	Close() error
}
