package state

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"syncagent/internal/reconcile"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdLockEnv); dir != "" {
		holdLock(dir)
	}
	goleak.VerifyTestMain(m)
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.UTC)

// openLedger opens a ledger for writing that the test closes.
func openLedger(t testing.TB, dir string) *Ledger {
	t.Helper()
	l, err := Open(context.Background(), Options{Dir: dir, Mode: ReadWrite, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// openCopy opens a ledger for reading that the test closes.
func openCopy(t testing.TB, dir string) *Ledger {
	t.Helper()
	l, err := Open(context.Background(), Options{Dir: dir, Mode: ReadOnly})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// fullPrincipal has a value in every field.
func fullPrincipal() reconcile.Principal {
	return reconcile.Principal{
		Source: "staff", ID: "0f8fad5b-d9cb-469f-a165-70867728950e", State: reconcile.StateMissing,
		Link:         reconcile.Link{Account: "c", Created: noon.Add(-time.Hour), Name: "Alice@Example.org"},
		Also:         []reconcile.Link{{Account: "d", Created: noon.Add(-2 * time.Hour), Name: "alice"}},
		Name:         "alice@example.org",
		NameLackedAt: noon.Add(-3 * time.Hour),
		Entry:        reconcile.HashOf("entry"), Scheme: 2,
		Addresses:  []reconcile.Hash{reconcile.HashOf("a@example.org"), reconcile.HashOf("b@example.org")},
		SamePerson: []reconcile.Hash{{}, reconcile.HashOf("4711")},
		Dropped:    []reconcile.AddressDrop{{Address: reconcile.HashOf("old@example.org"), Reads: 1, Last: noon}},
		Kind:       reconcile.KindIndividual, Created: noon.AddDate(-20, 0, 0), Access: reconcile.AccessSuspended,
		Before: &reconcile.Account{
			ID: "c", Name: "alice@example.org", Kind: reconcile.KindIndividual, Created: noon,
			Addresses: []string{"a@example.org"}, Access: `{"@type":"Inherit"}`, UsedBytes: 12,
		},
		Miss: reconcile.Miss{Since: noon, Reads: 2, Elapsed: 90 * time.Minute, Last: noon.Add(time.Hour), Unconfirmed: true, Cover: reconcile.Cover{
			Approval: 3, Persons: 2, Account: "c", Meaning: "m", From: noon.Add(time.Hour), Until: noon.Add(2 * time.Hour),
		}},
		Mixed:     true,
		HeldEntry: reconcile.HashOf("held"), FirstSeen: noon.AddDate(-1, 0, 0), LastSeen: noon.Add(-time.Minute),
		Waiting: noon.Add(-time.Second), Label: "uid=alice,ou=people",
	}
}

// names gives the keys of a principal's names, as the agent would.
func names(p reconcile.Principal) []reconcile.Hash {
	rules := reconcile.NameRules{}
	keys := []reconcile.Hash{key(p.Name), key(p.Link.Name)}
	for _, link := range p.Also {
		keys = append(keys, reconcile.HashOf(string(rules.Key(link.Name))))
	}
	return keys
}

func key(name string) reconcile.Hash {
	return reconcile.HashOf(string(reconcile.NameRules{}.Key(name)))
}

func record(t testing.TB, l *Ledger, principals ...reconcile.Principal) []int64 {
	t.Helper()
	rows, err := l.Record(context.Background(), Changes{Principals: principals, KeysOf: names})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// settled is a principal that no run needs to look at.
func settled(source string, n int) reconcile.Principal {
	name := fmt.Sprintf("user%06d@example.org", n)
	return reconcile.Principal{
		Source: source, ID: reconcile.StableID(fmt.Sprintf("00000000-0000-4000-8000-%012d", n)), State: reconcile.StateActive,
		Link: reconcile.Link{Account: reconcile.AccountID(fmt.Sprintf("c%d", n)), Created: noon, Name: name},
		Name: name, Entry: reconcile.HashOf(name), Scheme: 1, Kind: reconcile.KindIndividual,
		Addresses: []reconcile.Hash{reconcile.HashOf(name), reconcile.HashOf("alias." + name)},
		FirstSeen: noon, Label: fmt.Sprintf("uid=user%06d,ou=people,dc=example,dc=org", n),
	}
}

func accountList(list ...reconcile.Account) iter.Seq2[reconcile.Account, error] {
	return func(yield func(reconcile.Account, error) bool) {
		for _, a := range list {
			if !yield(a, nil) {
				return
			}
		}
	}
}

func accountKeys(a reconcile.Account) []reconcile.Hash {
	keys := []reconcile.Hash{key(a.Name)}
	for _, address := range a.Addresses {
		keys = append(keys, key(address))
	}
	return keys
}

// want fails unless err is target.
func want(t testing.TB, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("error %v, want %v", err, target)
	}
}

// files reads a directory: name to contents.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()+" "+info.Mode().String()+" "+info.ModTime().String()] = string(text)
	}
	return all
}
