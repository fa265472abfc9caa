package reconcile_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

// views lets every server but that of the snapshot show the names given; a
// person who is not named shows the new state.
func (s *scene) views(servers int, old map[string]string) {
	s.staff().Servers = servers
	s.f.OnServers = map[PrincipalRef][]ServerView{}
	for id, e := range s.entries {
		if e.FormOf != "" {
			continue
		}
		v := ServerView{Server: "ldap://two", Found: true, Names: slices.Concat(e.Names, e.NamesAlso)}
		if name, stale := old[id]; stale {
			v.Names, v.Found = []string{at(name)}, name != ""
		}
		s.f.OnServers[PrincipalRef{Source: "staff", ID: StableID(id)}] = []ServerView{v}
	}
}

// TestNamesThatPassWaitForAllServers is the row "chain, swap" of the design.
func TestNamesThatPassWaitForAllServers(t *testing.T) {
	swap := func(s *scene) {
		s.has("ann")
		s.has("bob")
		s.renamed("ann", "bob")
		s.renamed("bob", "ann")
	}
	chain := func(s *scene) {
		s.has("ann")
		s.has("bob")
		s.renamed("ann", "bob")
		s.renamed("bob", "carl")
	}
	waiting := []string{"hold rename-waiting ann", "hold rename-waiting bob"}
	runTable(t, []row{
		{"a swap on which all servers agree", func(s *scene) { swap(s); s.views(2, nil) }, []string{"rename ANN ann>bob via", "rename BOB bob>ann"}},
		{"the old state of both", func(s *scene) { swap(s); s.views(2, map[string]string{"ann": "ann", "bob": "bob"}) }, waiting},
		{"the old state of one", func(s *scene) { swap(s); s.views(2, map[string]string{"ann": "ann"}) }, waiting},
		{"a server that lacks one of the two", func(s *scene) { swap(s); s.views(2, map[string]string{"ann": ""}) }, waiting},
		{"servers that were not asked", func(s *scene) { swap(s); s.views(2, nil); s.f.OnServers = nil }, waiting},
		{"no other server answers", func(s *scene) {
			swap(s)
			s.views(3, nil)
			for ref := range s.f.OnServers {
				s.f.OnServers[ref] = nil
			}
		}, []string{"rename ANN ann>bob via", "rename BOB bob>ann"}},
		{"a single server", func(s *scene) { swap(s); s.views(1, nil); s.f.OnServers = nil }, []string{"rename ANN ann>bob via", "rename BOB bob>ann"}},
		{"in a chain only who takes the name waits", func(s *scene) {
			chain(s)
			s.views(2, map[string]string{"bob": "bob"})
		}, []string{"rename BOB bob>carl", "hold rename-waiting ann"}},
		{"a chain on which all agree", func(s *scene) { chain(s); s.views(2, nil) }, []string{"rename BOB bob>carl", "rename ANN ann>bob"}},
		{"a name that nobody had needs no agreement", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			s.views(2, map[string]string{"ann": "ann"})
		}, []string{"rename ANN ann>eve"}},
		{"a newcomer under a name that waits parks nobody", func(s *scene) {
			chain(s)
			s.joins("new", "ann")
			s.views(2, map[string]string{"bob": "bob"})
		}, []string{"rename BOB bob>carl", "hold rename-waiting ann", "hold rename-waiting new"}},
	})
}

// TestNamesWaitOneRunOnly: a server that never catches up stops nothing.
func TestNamesWaitOneRunOnly(t *testing.T) {
	s := newScene()
	s.has("ann")
	s.has("bob")
	s.renamed("ann", "bob")
	s.renamed("bob", "ann")
	s.views(2, map[string]string{"ann": "ann", "bob": "bob"})
	d := s.decide()
	if diff := cmp.Diff([]string{"hold rename-waiting ann", "hold rename-waiting bob"}, show(d)); diff != "" {
		t.Fatalf("first run (-want +got):\n%s", diff)
	}
	s.record(d)
	if diff := cmp.Diff([]string{"rename ANN ann>bob via", "rename BOB bob>ann"}, show(s.decide())); diff != "" {
		t.Fatalf("second run (-want +got):\n%s", diff)
	}
	s.renamed("ann", "carl") // another wish waits anew
	s.has("carl")
	s.renamed("carl", "bob2")
	s.views(2, map[string]string{"carl": "carl"})
	if diff := cmp.Diff([]string{"rename CARL carl>bob2", "hold rename-waiting ann", "hold rename-waiting bob"}, show(s.decide())); diff != "" {
		t.Fatalf("another wish (-want +got):\n%s", diff)
	}
}

func TestOnlyNamesThatPassAreAskedFor(t *testing.T) {
	s := newScene()
	s.staff().Servers = 2
	s.has("ann")
	s.has("bob")
	s.has("eve")
	s.renamed("ann", "bob")
	s.renamed("bob", "carl")
	s.renamed("eve", "zoe")
	want := []PrincipalRef{{Source: "staff", ID: "ann"}, {Source: "staff", ID: "bob"}}
	if diff := cmp.Diff(want, Decide(s.facts()).WantServers); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
}

// TestFormsThatPassWaitForAllServers: a name of map.name_also opens a mailbox,
// too.
func TestFormsThatPassWaitForAllServers(t *testing.T) {
	pass := func(s *scene) { // the second name x of ann passes to bob
		s.crowd(6)
		s.has("ann")
		s.hasAlso("ann", "x")
		s.has("bob")
		s.hasAlso("bob", "y")
		s.also("ann", "z")
		s.also("bob", "x")
	}
	// own lets a form of ann's become her own name's: nobody else is concerned.
	own := func(s *scene) {
		s.crowd(6)
		s.has("ann")
		s.hasAlso("ann", "x")
		s.renamed("ann", "x")
		s.also("ann", "z")
	}
	runTable(t, []row{
		{"all servers agree", func(s *scene) { pass(s); s.views(2, nil) }, []string{"rename X x>z", "rename Y y>x"}},
		{"one still gives the name to its former owner", func(s *scene) { pass(s); s.views(2, map[string]string{"ann": "x"}) }, []string{
			"rename X x>z", "hold rename-waiting also:1:bob",
		}},
		{"one does not give it to the new one yet", func(s *scene) { pass(s); s.views(2, map[string]string{"bob": "y"}) }, []string{
			"rename X x>z", "hold rename-waiting also:1:bob",
		}},
		{"nobody was asked", func(s *scene) { pass(s); s.views(2, nil); s.f.OnServers = nil }, []string{
			"rename X x>z", "hold rename-waiting also:1:bob",
		}},
		{"a form becomes another living person's name", func(s *scene) {
			pass(s)
			s.renamed("bob", "x")
			s.also("bob", "y")
			s.views(2, map[string]string{"ann": "x"})
		}, []string{"rename X x>z", "hold rename-waiting bob"}},
		{"it passes between accounts of one person", func(s *scene) { own(s); s.views(2, map[string]string{"ann": "ann"}) }, []string{
			"rename X x>z", "rename ANN ann>x",
		}},
	})
	s := newScene()
	pass(s)
	s.staff().Servers = 2
	want := []PrincipalRef{{Source: "staff", ID: "ann"}, {Source: "staff", ID: "bob"}}
	if diff := cmp.Diff(want, Decide(s.facts()).WantServers); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
}
