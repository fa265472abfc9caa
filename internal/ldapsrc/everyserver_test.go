package ldapsrc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/ldaptest"
	"syncagent/internal/reconcile"
)

// TestAskServers asks a directory of three servers: one that gave the snapshot,
// one that lags behind, and one that is down.
func TestAskServers(t *testing.T) {
	first := fill(ldaptest.New(t, ldaptest.Options{}), 5)
	stale := fill(ldaptest.New(t, ldaptest.Options{}), 4)
	silent := ldaptest.New(t, ldaptest.Options{})
	silent.Change(func(o *ldaptest.Options) { o.Faults = []ldaptest.Fault{{Kind: ldaptest.RefuseBind, Code: 51}} })
	first.Add(dn(1), with(person(1), "mail", "new@example.test"))
	source := open(t, first, func(o *Options) { o.URLs = []string{first.URL(), silent.URL(), stale.URL()} })
	_, ev := complete(t, source)
	if source.Servers() != 3 || ev.Server != first.URL() {
		t.Fatalf("%d servers, read from %s", source.Servers(), ev.Server)
	}
	ids := []reconcile.StableID{reconcile.StableID(uuid(1)), reconcile.StableID(uuid(4))}
	got, err := source.AskServers(deadline(t), ev.Server, ids)
	if err != nil {
		t.Fatal(err)
	}
	want := map[reconcile.StableID][]reconcile.ServerView{
		ids[0]: {{Server: stale.URL(), Found: true, Names: []string{mail(1)}}},
		ids[1]: {{Server: stale.URL()}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("views (-want +got):\n%s", diff)
	}
}

// TestAskServersGivesNoViewOfAnError: an error is neither the old state nor the
// new one.
func TestAskServersGivesNoViewOfAnError(t *testing.T) {
	first, second := fill(ldaptest.New(t, ldaptest.Options{}), 3), fill(ldaptest.New(t, ldaptest.Options{}), 3)
	var said []string
	source := open(t, first, func(o *Options) {
		o.URLs = []string{first.URL(), second.URL()}
		o.Observe = func(message string, _ ...any) { said = append(said, message) }
	})
	second.Change(func(o *ldaptest.Options) { o.Faults = []ldaptest.Fault{{Kind: ldaptest.AnswerCode, Code: 4}} })
	got, err := source.AskServers(deadline(t), first.URL(), []reconcile.StableID{reconcile.StableID(uuid(1))})
	if err != nil || len(got) != 0 || !strings.Contains(strings.Join(said, "; "), "no view of an entry") {
		t.Errorf("%v %v, said %q", got, err, said)
	}
}
