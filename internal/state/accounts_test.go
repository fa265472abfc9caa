package state

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

func TestListings(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	save := func(at time.Time, rules string, list ...reconcile.Account) {
		t.Helper()
		before, _, err := l.ListingTime(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.SaveListing(ctx, Listing{At: at, Lacked: before, Rules: rules, Accounts: accountList(list...), KeysOf: accountKeys}); err != nil {
			t.Fatal(err)
		}
	}
	a := reconcile.Account{
		ID: "b", Name: "Alice@x", Kind: reconcile.KindIndividual, Created: noon.AddDate(-1, 0, 0),
		Addresses: []string{"al@x"}, Suspended: true, Access: "{}", UsedBytes: 7,
	}
	b := reconcile.Account{ID: "c", Name: "bob@x", Kind: reconcile.KindGroup, AddressesUnknown: true, UsedBytes: -1}
	third := reconcile.Account{ID: "aa", Name: "carol@x"}
	one, two, three := noon, noon.Add(time.Hour), noon.Add(2*time.Hour)

	save(one, "r1", a, b)
	if last, err := l.LastAccountID(ctx); err != nil || last != "c" {
		t.Errorf("last %q, %v", last, err)
	}
	renamed := a
	renamed.Name, renamed.Addresses = "alice@y", nil
	save(two, "r1", renamed, third)
	if at, rules, err := l.ListingTime(ctx); err != nil || !at.Equal(two) || rules != "r1" {
		t.Errorf("%v, %q, %v", at, rules, err)
	}
	if last, err := l.LastAccountID(ctx); err != nil || last != "aa" {
		t.Errorf("last %q, %v", last, err)
	}

	listed := func(a reconcile.Account, first, last time.Time, present bool) ListedAccount {
		a.FirstListed = first
		return ListedAccount{Account: a, LastListed: last, Present: present}
	}
	lacked := func(l ListedAccount, at time.Time) ListedAccount {
		l.LackedAt = at
		return l
	}
	byIDs := func(expected ...ListedAccount) {
		t.Helper()
		got, err := l.AccountsByIDs(ctx, []reconcile.AccountID{"b", "c", "aa", "zz"})
		if diff := cmp.Diff(expected, got); err != nil || diff != "" {
			t.Error(diff, err)
		}
	}
	byIDs(lacked(listed(third, two, two, true), one), listed(renamed, one, two, true), listed(b, one, one, false))
	for text, found := range map[string]int{"ALICE@y": 1, "alice@x": 0, "al@x": 0, "bob@x": 0, "carol@x": 1} {
		if got, err := l.AccountsByKeys(ctx, []reconcile.Hash{key(text)}); err != nil || len(got) != found {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}

	// It comes back, keeps its first time and what came before it, and the others go.
	save(three, "r1", b)
	byIDs(lacked(listed(third, two, two, false), one), listed(renamed, one, two, false), listed(b, one, three, true))
	var present, all []reconcile.AccountID
	for past, into := range map[bool]*[]reconcile.AccountID{false: &present, true: &all} {
		if err := l.EachAccount(ctx, past, func(a ListedAccount) error {
			*into = append(*into, a.ID)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([][]reconcile.AccountID{{"c"}, {"aa", "b", "c"}}, [][]reconcile.AccountID{present, all}); diff != "" {
		t.Error(diff)
	}
}

func TestAddAccounts(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	old, fresh := reconcile.Account{ID: "b", Name: "old@x"}, reconcile.Account{ID: "c", Name: "new@x"}
	if err := l.SaveListing(ctx, Listing{At: noon, Accounts: accountList(old), KeysOf: accountKeys}); err != nil {
		t.Fatal(err)
	}
	later := noon.Add(time.Hour)
	if err := l.AddAccounts(ctx, Listing{At: later, Accounts: accountList(fresh), KeysOf: accountKeys}); err != nil {
		t.Fatal(err)
	}
	got, err := l.AccountsByKeys(ctx, []reconcile.Hash{key("old@x"), key("new@x")})
	if err != nil || len(got) != 2 || !got[0].LastListed.Equal(noon) || !got[1].LastListed.Equal(later) {
		t.Errorf("%+v, %v", got, err)
	}
	if at, _, err := l.ListingTime(ctx); err != nil || !at.Equal(noon) {
		t.Errorf("the time of the listing moved to %v, %v", at, err)
	}
	if last, err := l.LastAccountID(ctx); err != nil || last != "c" {
		t.Errorf("last %q, %v", last, err)
	}
}

// A listing that breaks off changes nothing: what it did not show is not gone.
func TestBrokenListingIsUndone(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	a, b := reconcile.Account{ID: "b", Name: "a@x"}, reconcile.Account{ID: "c", Name: "b@x"}
	if err := l.SaveListing(ctx, Listing{At: noon, Accounts: accountList(a, b), KeysOf: accountKeys}); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("connection reset")
	err := l.SaveListing(ctx, Listing{At: noon.Add(time.Hour), KeysOf: accountKeys, Accounts: func(yield func(reconcile.Account, error) bool) {
		if yield(reconcile.Account{ID: "b", Name: "changed@x"}, nil) {
			yield(reconcile.Account{}, broken)
		}
	}})
	want(t, err, broken)
	got, err := l.AccountsByIDs(ctx, []reconcile.AccountID{"b", "c"})
	if err != nil || len(got) != 2 || got[0].Name != "a@x" || !got[1].Present {
		t.Errorf("%+v, %v", got, err)
	}
}

// Keys made with other rules replace the old ones although no account changed.
func TestOtherRulesMakeOtherKeys(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	a := reconcile.Account{ID: "b", Name: "a@alias"}
	for _, rules := range []reconcile.NameRules{{}, {Domains: map[string]string{"alias": "main"}}} {
		digest := ""
		for alias := range rules.Domains {
			digest = alias
		}
		keys := func(a reconcile.Account) []reconcile.Hash {
			return []reconcile.Hash{reconcile.HashOf(string(rules.Key(a.Name)))}
		}
		if err := l.SaveListing(ctx, Listing{At: noon, Rules: digest, Accounts: accountList(a), KeysOf: keys}); err != nil {
			t.Fatal(err)
		}
	}
	for text, found := range map[string]int{"a@alias": 0, "a@main": 1} {
		if got, err := l.AccountsByKeys(ctx, []reconcile.Hash{key(text)}); err != nil || len(got) != found {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}
