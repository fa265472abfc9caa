package state

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

func TestTombstones(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	owner := reconcile.PrincipalRef{Source: "staff", ID: "1"}
	older := reconcile.Tombstone{Key: key("a@x"), Text: "A@x", Owner: owner, Account: "c", Since: noon.Add(-time.Hour)}
	address := reconcile.Tombstone{Key: key("b@x"), Owner: owner, Account: "c", Since: noon}
	newer := older
	newer.Since = noon.Add(time.Hour)
	newer.Account = "d"
	aliased := newer
	aliased.Text = "" // the directory lists the name as an address, too
	for _, list := range [][]reconcile.Tombstone{{older, address}, {newer}, {aliased}} {
		if _, err := l.Record(ctx, Changes{Tombstones: list}); err != nil {
			t.Fatal(err)
		}
	}
	read := func() []reconcile.Tombstone {
		got, err := l.TombstonesByKeys(ctx, []reconcile.Hash{key("b@x"), key("a@x"), key("c@x")})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	newer.Account = "" // of two accounts: it speaks for any
	byKey := []reconcile.Tombstone{newer, address}
	if compareHashes(newer.Key, address.Key) > 0 {
		byKey = []reconcile.Tombstone{address, newer}
	}
	if diff := cmp.Diff(byKey, read()); diff != "" {
		t.Error(diff)
	}
	if _, err := l.Record(ctx, Changes{DeleteTombstonesBefore: noon.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]reconcile.Tombstone{newer}, read()); diff != "" {
		t.Error(diff)
	}
}

func TestSourcesAndMeta(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	bare := reconcile.SourceState{Name: "pupils"}
	full := reconcile.SourceState{
		Name: "staff", Fingerprint: "f", IDAttribute: "entryUUID", Directory: "dc=example", LastComplete: noon,
		LastCounted: noon.Add(-time.Hour), Positions: map[string]string{"001": "2026"}, Largest: map[string]int{"2026-11-23": 7},
		Canaries: map[string]reconcile.StableID{"alice": "1"}, Adopted: true,
	}
	if _, err := l.Record(ctx, Changes{
		Sources: []reconcile.SourceState{{Name: "staff"}, bare, full},
		Meta:    map[string]string{"audit.head": "7", "gone": "x"},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Record(ctx, Changes{Meta: map[string]string{"audit.head": "8", "gone": ""}}); err != nil {
		t.Fatal(err)
	}
	got, err := l.Sources(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]reconcile.SourceState{"pupils": bare, "staff": full}, got); diff != "" {
		t.Error(diff)
	}
	if value, found, err := l.Meta(ctx, "audit.head"); value != "8" || !found || err != nil {
		t.Errorf("%q, %v, %v", value, found, err)
	}
	if value, found, err := l.Meta(ctx, "gone"); value != "" || found || err != nil {
		t.Errorf("%q, %v, %v", value, found, err)
	}
}

func TestForgetGonePrincipals(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	old, recent, living := settled("staff", 1), settled("staff", 2), settled("staff", 3)
	old.State, old.LastSeen = reconcile.StateGone, noon.AddDate(-2, 0, 0)
	recent.State, recent.LastSeen = reconcile.StateGone, noon
	record(t, l, old, recent, living)
	if _, err := l.Record(ctx, Changes{DeleteGoneBefore: noon.AddDate(-1, 0, 0)}); err != nil {
		t.Fatal(err)
	}
	var left []reconcile.StableID
	if err := l.EachPrincipal(ctx, "", func(p reconcile.Principal) error {
		left = append(left, p.ID)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]reconcile.StableID{recent.ID, living.ID}, left); diff != "" {
		t.Error(diff)
	}
	if found, err := l.PrincipalsByKeys(ctx, []reconcile.Hash{key(old.Name)}); err != nil || len(found) != 0 {
		t.Errorf("keys of a forgotten principal: %v, %v", found, err)
	}
}
