package state

import (
	"errors"
	"testing"
	"time"

	"syncagent/internal/reconcile"
)

func TestCarryOver(t *testing.T) {
	ctx := t.Context()
	now := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	dir := t.TempDir()
	l, err := Open(ctx, Options{Dir: dir, Mode: ReadWrite, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := l.Lock(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	key := func(name string) reconcile.Hash { return reconcile.HashOf(name) }
	// Old and new forms of IDs overlap: 28 is "2" afterwards, and 2 is "c".
	err = l.SaveListing(ctx, Listing{
		At: now, Rules: "old", KeysOf: func(a reconcile.Account) []reconcile.Hash { return []reconcile.Hash{key(a.Name)} },
		Accounts: func(yield func(reconcile.Account, error) bool) {
			for _, a := range []reconcile.Account{{ID: "2", Name: "two"}, {ID: "28", Name: "twentyeight"}} {
				if !yield(a, nil) {
					return
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	owner := reconcile.PrincipalRef{Source: "s", ID: "1"}
	_, err = l.Record(ctx, Changes{Tombstones: []reconcile.Tombstone{
		{Key: key("two"), Text: "two", Owner: owner, Account: "2", Since: now},
		{Key: key("a@b"), Owner: owner, Account: "28", Since: now},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.BeginRun(ctx, Run{ID: "r", Started: now}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Intend(ctx, "r", []Step{{Seq: 1, Action: reconcile.Action{Kind: reconcile.ActRename, Account: "2"}}}); err != nil {
		t.Fatal(err)
	}
	carry := Carry{
		ID: reconcile.CarriedID, Key: key,
		Name: func(name string) string {
			if name != "" {
				name += "@example.org"
			}
			return name
		},
	}
	// In a ledger for reading only, just the copy changes.
	copied, err := Open(ctx, Options{Dir: dir, Mode: ReadOnly, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if err := copied.CarryOver(ctx, carry, Changes{}); err != nil {
		t.Fatal(err)
	}
	carried(t, copied, true, key)
	if _, err := copied.Record(ctx, Changes{Meta: map[string]string{"a": "b"}}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a ledger for reading only can be written to: %v", err)
	}
	carried(t, l, false, key)
	if err := l.CarryOver(ctx, carry, Changes{Meta: map[string]string{"x": "y"}}); err != nil {
		t.Fatal(err)
	}
	carried(t, l, true, key)
	if err := errors.Join(copied.Close(), unlock(), l.Close()); err != nil {
		t.Error(err)
	}
}

func carried(t *testing.T, l *Ledger, want bool, key func(string) reconcile.Hash) {
	t.Helper()
	ctx := t.Context()
	names := map[reconcile.AccountID]string{}
	err := l.EachAccount(ctx, true, func(a ListedAccount) error {
		names[a.ID] = a.Name
		if a.FirstListed.IsZero() {
			t.Errorf("%s: when it was first listed is lost", a.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	steps, err := l.OpenSteps(ctx)
	if err != nil {
		t.Fatal(err)
	}
	graves, err := l.TombstonesByKeys(ctx, []reconcile.Hash{key("two"), key("two@example.org"), key("a@b")})
	if err != nil {
		t.Fatal(err)
	}
	if !want {
		if names["2"] != "two" || names["28"] != "twentyeight" || len(steps) != 1 || len(graves) != 2 {
			t.Errorf("it was changed: %v, %d steps, %v", names, len(steps), graves)
		}
		return
	}
	if len(names) != 2 || names["c"] != "two" || names["2"] != "twentyeight" || len(steps) != 0 || len(graves) != 3 {
		t.Errorf("accounts %v, %d open steps, tombstones %v", names, len(steps), graves)
	}
	for _, g := range graves {
		if g.Account != "c" && g.Account != "2" {
			t.Errorf("tombstone of account %s", g.Account)
		}
	}
}
