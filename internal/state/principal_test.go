package state

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

func TestPrincipalRoundTrip(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	full := fullPrincipal()
	bare := reconcile.Principal{Source: "staff", ID: "2"}
	l := openLedger(t, dir)
	rows := record(t, l, full, bare)
	full.Row, bare.Row = rows[0], rows[1]

	got, err := l.PrincipalsByRows(ctx, []int64{bare.Row, full.Row, full.Row, 99})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]reconcile.Principal{full, bare}, got); diff != "" {
		t.Error(diff)
	}

	// A second writing keeps the row and replaces every value.
	changed := reconcile.Principal{Source: full.Source, ID: full.ID, State: reconcile.StateActive, Name: "bob@example.org"}
	if again := record(t, l, changed); again[0] != full.Row {
		t.Errorf("row %d after an update, was %d", again[0], full.Row)
	}
	changed.Row = full.Row
	got, err = l.PrincipalsByRefs(ctx, []reconcile.PrincipalRef{full.Ref(), {Source: "other", ID: full.ID}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]reconcile.Principal{changed}, got); diff != "" {
		t.Error(diff)
	}
	for _, gone := range []string{"alice@example.org", "alice", "a@example.org"} {
		if found, err := l.PrincipalsByKeys(ctx, []reconcile.Hash{key(gone)}); err != nil || len(found) != 0 {
			t.Errorf("%s is still found: %v, %v", gone, found, err)
		}
	}
}

func TestPrincipalsAreFound(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	full := fullPrincipal()
	record(t, l, settled("staff", 1), full, settled("pupils", 2))

	byKey := func(text string) func() ([]reconcile.Principal, error) {
		return func() ([]reconcile.Principal, error) { return l.PrincipalsByKeys(ctx, []reconcile.Hash{key(text)}) }
	}
	byText := func(text string) func() ([]reconcile.Principal, error) {
		return func() ([]reconcile.Principal, error) { return l.FindPrincipal(ctx, text, key(text)) }
	}
	byAccount := func(id reconcile.AccountID) func() ([]reconcile.Principal, error) {
		return func() ([]reconcile.Principal, error) {
			return l.PrincipalsByAccounts(ctx, []reconcile.AccountID{id})
		}
	}
	for name, find := range map[string]func() ([]reconcile.Principal, error){
		"key of the name":          byKey("ALICE@example.org"),
		"key of a further account": byKey("alice"),
		"key of a listed address":  byKey("b@example.org"),
		"main account":             byAccount("c"),
		"further account":          byAccount("d"),
		"text: stable ID":          byText(string(full.ID)),
		"text: name in capitals":   byText("ALICE@EXAMPLE.ORG"),
		"text: address":            byText("A@example.org"),
		"text: account":            byText("d"),
	} {
		found, err := find()
		if err != nil || len(found) != 1 || found[0].ID != full.ID {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	if found, err := l.FindPrincipal(ctx, "nobody"); err != nil || len(found) != 0 {
		t.Errorf("nobody: %v, %v", found, err)
	}
}

func TestUnsettledAndUnbound(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		change             func(*reconcile.Principal)
		unsettled, unbound bool
	}{
		"quiet":         {func(*reconcile.Principal) {}, false, false},
		"missing":       {func(p *reconcile.Principal) { p.State = reconcile.StateMissing }, true, false},
		"state unknown": {func(p *reconcile.Principal) { p.State = reconcile.StateUnknown }, true, false},
		"suspended":     {func(p *reconcile.Principal) { p.Access = reconcile.AccessSuspended }, true, false},
		"parked":        {func(p *reconcile.Principal) { p.Access = reconcile.AccessParked }, true, false},
		"entry unread":  {func(p *reconcile.Principal) { p.Entry = reconcile.Hash{} }, true, false},
		"dropped":       {func(p *reconcile.Principal) { p.Dropped = []reconcile.AddressDrop{{Reads: 1}} }, true, false},
		"held":          {func(p *reconcile.Principal) { p.HeldEntry = reconcile.HashOf("x") }, true, false},
		"lacked once":   {func(p *reconcile.Principal) { p.LastSeen = noon }, true, false},
		"waiting":       {func(p *reconcile.Principal) { p.Waiting = noon }, true, false},
		"unbound":       {func(p *reconcile.Principal) { p.Link = reconcile.Link{} }, false, true},
		"gone":          {func(p *reconcile.Principal) { p.State, p.Link = reconcile.StateGone, reconcile.Link{} }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, t.TempDir())
			p := settled("staff", 1)
			c.change(&p)
			record(t, l, p, settled("other", 2))
			open, err := l.Unsettled(ctx, "staff")
			if err != nil || (len(open) == 1) != c.unsettled {
				t.Errorf("unsettled: %v, %v", open, err)
			}
			var free []reconcile.StableID
			err = l.Unbound(ctx, "staff", func(p reconcile.Principal) error {
				free = append(free, p.ID)
				return nil
			})
			if err != nil || slices.Equal(free, []reconcile.StableID{p.ID}) != c.unbound {
				t.Errorf("unbound: %v, %v", free, err)
			}
			// Settling it takes it off both lists.
			record(t, l, settled("staff", 1))
			if open, err = l.Unsettled(ctx, "staff"); err != nil || len(open) != 0 {
				t.Errorf("after settling: %v, %v", open, err)
			}
		})
	}
}

func TestKnownAndCounts(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	missing, gone, local := settled("staff", 3), settled("staff", 4), settled("staff", 5)
	missing.State, gone.State, local.Name = reconcile.StateMissing, reconcile.StateGone, "local"
	gone.Entry = reconcile.Hash{}
	rows := record(t, l, settled("staff", 1), settled("pupils", 1), missing, gone, local)

	type known struct {
		Row   int64
		ID    reconcile.StableID
		Entry reconcile.Hash
		State reconcile.State
	}
	var got []known
	err := l.Known(ctx, "staff", func(row int64, id reconcile.StableID, entry reconcile.Hash, state reconcile.State) error {
		got = append(got, known{row, id, entry, state})
		_, err := l.PrincipalsByRows(ctx, []int64{row}) // Nested reading must not block.
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	one := settled("staff", 1)
	expected := []known{
		{rows[0], one.ID, one.Entry, reconcile.StateActive},
		{rows[2], missing.ID, missing.Entry, reconcile.StateMissing},
		{rows[3], gone.ID, reconcile.Hash{}, reconcile.StateGone},
		{rows[4], local.ID, local.Entry, reconcile.StateActive},
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Error(diff)
	}
	stop := errors.New("stop")
	want(t, l.Known(ctx, "staff", func(int64, reconcile.StableID, reconcile.Hash, reconcile.State) error { return stop }), stop)

	if n, err := l.CountLiving(ctx, "staff"); err != nil || n != 2 {
		t.Errorf("living: %d, %v", n, err)
	}
	domains, err := l.CountByDomain(ctx, "staff")
	if diff := cmp.Diff(map[string]int{"example.org": 1, "": 1}, domains); err != nil || diff != "" {
		t.Error(diff, err)
	}
}

func TestRecordIsAllOrNothing(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	_, err := l.Record(ctx, Changes{
		Principals: []reconcile.Principal{settled("staff", 1), {Source: "staff"}},
		KeysOf:     names, Meta: map[string]string{"a": "b"},
	})
	if err == nil {
		t.Fatal("a principal without an ID was recorded")
	}
	if n, err := l.CountLiving(ctx, "staff"); err != nil || n != 0 {
		t.Errorf("%d principals of a failed transaction, %v", n, err)
	}
	if _, found, err := l.Meta(ctx, "a"); err != nil || found {
		t.Errorf("meta of a failed transaction: %v, %v", found, err)
	}
}

func TestCancelledContextWritesNothing(t *testing.T) {
	l := openLedger(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := l.Record(ctx, Changes{Principals: []reconcile.Principal{settled("staff", 1)}, KeysOf: names})
	want(t, err, context.Canceled)
	if n, err := l.CountLiving(context.Background(), "staff"); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
}

func TestTimesOutOfRange(t *testing.T) {
	for _, c := range []struct{ in, out time.Time }{
		{time.Time{}, time.Time{}},
		{time.Unix(0, 0), time.Time{}},
		{time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC), firstTime},
		{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), lastTime},
		{noon.In(time.FixedZone("x", 3600)), noon},
	} {
		if got := instant(nanos(c.in)); !got.Equal(c.out) || got.Location() != time.UTC && !got.IsZero() {
			t.Errorf("%v became %v, want %v", c.in, got, c.out)
		}
	}
}
