package sqlsrc_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"syncagent/internal/reconcile"
	"syncagent/internal/sqlsrc"
)

// escaped makes a path fit for a file: URI.
var escaped = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23", " ", "%20")

func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// read takes a snapshot and returns its entries in their order.
func read(t testing.TB, s *sqlsrc.Source) ([]reconcile.Entry, reconcile.Evidence, error) {
	t.Helper()
	var entries []reconcile.Entry
	evidence, err := s.Snapshot(deadline(t), func(e reconcile.Entry) error {
		entries = append(entries, e)
		return nil
	})
	if err != nil && evidence.Complete {
		t.Errorf("an error and complete: %v", err)
	}
	return entries, evidence, err
}

func lookup(t testing.TB, s *sqlsrc.Source, q reconcile.LookupRequest) reconcile.LookupResult {
	t.Helper()
	session, err := s.OpenLookup(deadline(t), "")
	if err != nil {
		t.Fatalf("OpenLookup: %v", err)
	}
	defer func() { _ = session.Close() }()
	r, err := session.Lookup(deadline(t), q)
	if err != nil {
		t.Fatalf("Lookup: %v", err)
	}
	return r
}
