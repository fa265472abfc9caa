package ldapsrc

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/ldaptest"
	"syncagent/internal/reconcile"
)

const (
	csnOne = "20261122133954.653295Z#000000#001#000000"
	csnTwo = "20261122140000.000000Z#000000#001#000000"
)

// TestPositionsOfTwoDatabases: each database tells its own marks, and the later
// ones of the one must not hide that the other one went back.
func TestPositionsOfTwoDatabases(t *testing.T) {
	const other = "dc=other,dc=test"
	server := fill(ldaptest.New(t, ldaptest.Options{CSN: csnOne}), 3)
	server.Add(other, map[string][]string{"objectClass": {"domain"}, "contextCSN": {csnTwo, "not a mark"}})
	source := open(t, server, func(o *Options) { o.Bases = []string{ldaptest.People, other}; o.LookupBase = ldaptest.Suffix })
	_, ev := complete(t, source)
	suffix := canonicalDN(ldaptest.Suffix)
	want := map[string]string{"001#" + suffix: csnOne, "001#" + canonicalDN(other): csnTwo}
	if diff := cmp.Diff(want, ev.Positions); diff != "" {
		t.Errorf("positions (-want +got):\n%s", diff)
	}
	if len(ev.PositionScopes) != 2 {
		t.Errorf("scopes %q", ev.PositionScopes)
	}
}

// TestPositionsThatAreHidden: that nothing is told is told, so that a replica
// that told something before is recognised.
func TestPositionsThatAreHidden(t *testing.T) {
	server := fill(ldaptest.New(t, ldaptest.Options{}), 3)
	_, ev := complete(t, open(t, server, nil))
	if len(ev.Positions) != 0 || len(ev.PositionScopes) != 1 || ev.PositionScopes[0] != "" {
		t.Errorf("positions %v, scopes %q", ev.Positions, ev.PositionScopes)
	}
}

// TestAskServersTellsAllNames: a name of map.name_also opens a mailbox, too.
func TestAskServersTellsAllNames(t *testing.T) {
	first, second := fill(ldaptest.New(t, ldaptest.Options{}), 3), fill(ldaptest.New(t, ldaptest.Options{}), 3)
	source := open(t, first, func(o *Options) {
		o.URLs = []string{first.URL(), second.URL()}
		o.Map.NameAlso = []string{"{uid}"}
	})
	id := reconcile.StableID(uuid(1))
	got, err := source.AskServers(deadline(t), first.URL(), []reconcile.StableID{id})
	if err != nil || len(got[id]) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	if names := got[id][0].Names; len(names) != 2 || names[0] != mail(1) || names[1] == mail(1) {
		t.Errorf("names %q", names)
	}
}
