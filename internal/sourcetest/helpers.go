package sourcetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

// patience bounds every wait of the suite.
const patience = 60 * time.Second

func deadline(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func person(i int) Person {
	return Person{
		Key:       fmt.Sprintf("p%d", i),
		Name:      fmt.Sprintf("user%d@example.org", i),
		Addresses: []string{fmt.Sprintf("user%d@example.org", i), fmt.Sprintf("alias%d@example.org", i)},
		Kind:      reconcile.KindIndividual,
	}
}

// crowd is n people of every kind.
func crowd(n int) []Person {
	people := make([]Person, n)
	for i := range people {
		people[i] = person(i)
		switch i % 10 {
		case 7:
			people[i].Kind = reconcile.KindGroup
		case 8:
			people[i].Kind = reconcile.KindAdmin
		case 9:
			people[i].Disabled = true
		}
	}
	return people
}

func put(t testing.TB, w World, people ...Person) {
	t.Helper()
	for _, p := range people {
		if err := w.Put(p); err != nil {
			t.Fatalf("put %s: %v", p.Key, err)
		}
	}
}

// read takes a snapshot by ID; it fails the test only for a duplicate yield.
func read(ctx context.Context, t testing.TB, s Source) (map[reconcile.StableID]reconcile.Entry, reconcile.Evidence, error) {
	t.Helper()
	entries := map[reconcile.StableID]reconcile.Entry{}
	evidence, err := s.Snapshot(ctx, func(e reconcile.Entry) error {
		if _, twice := entries[e.ID]; twice {
			t.Errorf("the snapshot gives %q twice", e.ID)
		}
		e.Names, e.Addresses = slices.Clone(e.Names), slices.Clone(e.Addresses)
		entries[e.ID] = e
		return nil
	})
	if err != nil && evidence.Complete {
		t.Errorf("a snapshot with an error calls itself complete: %v", err)
	}
	return entries, evidence, err
}

// readComplete takes a snapshot that must be complete.
func readComplete(t testing.TB, s Source) (map[reconcile.StableID]reconcile.Entry, reconcile.Evidence) {
	t.Helper()
	entries, evidence, err := read(deadline(t), t, s)
	if err != nil || !evidence.Complete || len(evidence.Reasons) > 0 {
		t.Fatalf("snapshot: %v, complete %v, reasons %v", err, evidence.Complete, evidence.Reasons)
	}
	if evidence.Entries != len(entries) {
		t.Errorf("the evidence counts %d entries, the snapshot gave %d", evidence.Entries, len(entries))
	}
	return entries, evidence
}

// incomplete demands that a snapshot says why it is not to be believed.
func incomplete(t testing.TB, evidence reconcile.Evidence, err error) {
	t.Helper()
	switch {
	case evidence.Complete:
		t.Errorf("the snapshot calls itself complete")
	case err == nil && len(evidence.Reasons) == 0:
		t.Errorf("the snapshot is incomplete without an error or a reason")
	}
}

// wanted is the entry that a person must become.
func wanted(w World, p Person) reconcile.Entry {
	e := reconcile.Entry{
		ID: w.ID(p.Key), Names: []string{p.Name}, Addresses: slices.Sorted(slices.Values(p.Addresses)),
		AddressesMapped: true, Kind: p.Kind, Enabled: reconcile.EnabledYes,
	}
	if p.Disabled {
		e.Enabled = reconcile.EnabledNo
	}
	return e
}

// compared reduces an entry to what a Person tells.
func compared(e reconcile.Entry) reconcile.Entry {
	return reconcile.Entry{
		ID: e.ID, Names: e.Names, Addresses: slices.Sorted(slices.Values(e.Addresses)),
		AddressesMapped: e.AddressesMapped, Kind: e.Kind, Enabled: e.Enabled,
	}
}

func sameEntry(t testing.TB, want, got reconcile.Entry) {
	t.Helper()
	if d := cmp.Diff(want, compared(got)); d != "" {
		t.Errorf("entry %q (-want +got):\n%s", want.ID, d)
	}
}

func open(t testing.TB, s Source) Session {
	t.Helper()
	session, err := s.OpenLookup(deadline(t), "")
	if err != nil {
		t.Fatalf("open look-ups: %v", err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

// ask looks up; an error must come without any claim.
func ask(t testing.TB, s Session, r reconcile.LookupRequest) reconcile.LookupResult {
	t.Helper()
	result, err := s.Lookup(deadline(t), r)
	honest(t, result, err)
	return result
}

func honest(t testing.TB, result reconcile.LookupResult, err error) {
	t.Helper()
	if err != nil && (result.ID == reconcile.PresenceAbsent || result.Identity == reconcile.PresenceAbsent) {
		t.Errorf("a look-up with an error says absent: %v", err)
	}
}

func presence(p reconcile.Presence) string {
	return map[reconcile.Presence]string{
		reconcile.PresenceUnknown: "unknown", reconcile.PresenceFound: "found", reconcile.PresenceAbsent: "absent",
	}[p]
}

func wantPresence(t testing.TB, what string, got, want reconcile.Presence, reason string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %s, want %s (reason %q)", what, presence(got), presence(want), reason)
	}
	if want == reconcile.PresenceUnknown && got == want && strings.TrimSpace(reason) == "" {
		t.Errorf("%s is unknown without a reason", what)
	}
}

func holders(r reconcile.LookupResult) []reconcile.StableID {
	var ids []reconcile.StableID
	for _, e := range r.Holders {
		ids = append(ids, e.ID)
	}
	slices.Sort(ids)
	return ids
}
