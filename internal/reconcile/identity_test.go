package reconcile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

func TestChainsAndCycles(t *testing.T) {
	runTable(t, []row{
		{"a chain of four begins at the free end", func(s *scene) {
			for _, id := range []string{"ann", "bob", "cid", "dan"} {
				s.has(id)
			}
			s.renamed("ann", "bob")
			s.renamed("bob", "cid")
			s.renamed("cid", "dan")
			s.renamed("dan", "eve")
		}, []string{"rename DAN dan>eve", "rename CID cid>dan", "rename BOB bob>cid", "rename ANN ann>bob"}},
		{"a swap goes through a temporary name", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.renamed("ann", "bob")
			s.renamed("bob", "ann")
		}, []string{"rename ANN ann>bob via", "rename BOB bob>ann"}},
		{"a swap of names and aliases", func(s *scene) {
			s.has("ann", "a1")
			s.has("bob", "b1")
			s.renamed("ann", "bob", "b1")
			s.renamed("bob", "ann", "a1")
		}, []string{"rename ANN ann>bob [a1]>[] via", "rename BOB bob>ann [b1]>[]"}},
		{"a circle of three with addresses", func(s *scene) {
			s.has("ann", "a1")
			s.has("bob", "b1")
			s.has("cid")
			s.renamed("ann", "bob", "a1")
			s.renamed("bob", "cid", "b1", "b2")
			s.renamed("cid", "ann")
		}, []string{"rename ANN ann>bob via", "rename CID cid>ann", "rename BOB bob>cid [b1]>[b1 b2]"}},
		{"two circles", func(s *scene) {
			for _, id := range []string{"ann", "bob", "cid", "dan"} {
				s.has(id)
			}
			s.renamed("ann", "bob")
			s.renamed("bob", "ann")
			s.renamed("cid", "dan")
			s.renamed("dan", "cid")
		}, []string{"rename ANN ann>bob via", "rename BOB bob>ann", "rename CID cid>dan via", "rename DAN dan>cid"}},
		{"a circle and a chain", func(s *scene) {
			for _, id := range []string{"ann", "bob", "cid", "dan"} {
				s.has(id)
			}
			s.renamed("ann", "bob")
			s.renamed("bob", "ann")
			s.renamed("cid", "dan")
			s.renamed("dan", "eve")
		}, []string{"rename ANN ann>bob via", "rename BOB bob>ann", "rename DAN dan>eve", "rename CID cid>dan"}},
		{"a chain whose last rename is held: its holder is isolated", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.renamed("ann", "bob")
			s.renamed("bob", "bob@example.com")
		}, []string{"park BOB bob>syncagent-parked-BOB", "rename ANN ann>bob", "hold domain-unknown bob"}},
		{"a circle of which one is protected moves nobody", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.staff().Policy.Protect = []string{"bob@example.org"}
			s.renamed("ann", "bob")
			s.renamed("bob", "ann")
		}, []string{"hold protected ann", "hold protected bob"}},
	})
}

func TestIdentityWritesOfACycle(t *testing.T) {
	s := newScene()
	s.has("ann", "a1")
	s.has("bob")
	s.renamed("ann", "bob", "a1")
	s.renamed("bob", "ann")
	want := []IdentityWrite{
		{Account: "ANN", Name: at("syncagent-tmp-ANN")},
		{Account: "BOB", Name: at("ann"), Addresses: []string{}},
		{Account: "ANN", Name: at("bob"), Addresses: ats([]string{"a1"})},
	}
	if diff := cmp.Diff(want, IdentityWritesOf(s.decide().Plan.Actions)); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}

func TestTakenNames(t *testing.T) {
	runTable(t, []row{
		{"both entries claim the name", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.renamed("ann", "bob")
		}, []string{"hold name-conflict ann"}},
		{"the other one lists it as an address", func(s *scene) {
			s.has("ann")
			s.has("bob", "info")
			s.renamed("ann", "info")
		}, []string{"hold address-conflict ann"}},
		{"the holder left the name, its rename is only reported", func(s *scene) {
			s.source("other").Policy.Rename = false
			s.hasIn("other", "bob")
			s.has("ann")
			s.renamed("bob", "zoe")
			s.renamed("ann", "bob")
		}, []string{"park BOB bob>syncagent-parked-BOB", "rename ANN ann>bob", "hold rename-reported bob"}},
		{"the same where name_reuse is hold", func(s *scene) {
			s.source("other").Policy = Policy{AddressesMapped: true}
			s.hasIn("other", "bob")
			s.has("ann")
			s.renamed("bob", "zoe")
			s.renamed("ann", "bob")
		}, []string{"hold rename-reported bob", "hold name-reused ann"}},
		{"the holder left the name, which another one lists as an alias", func(s *scene) {
			s.staff().Evidence.IDReusable = true
			s.has("ann")
			s.has("bob")
			s.renamed("bob", "zoe")
			s.lists("ann", "bob")
		}, []string{"hold address-taken ann", "hold rename-unproven bob"}},
		{"the holder's source cannot be used", func(s *scene) {
			other := s.source("other")
			s.hasIn("other", "bob")
			s.leaves("bob")
			other.Evidence.Complete = false
			s.has("ann")
			s.renamed("ann", "bob")
		}, []string{"hold name-conflict ann", "block incomplete remove"}},
		{"the holder's source is empty", func(s *scene) {
			s.source("other")
			s.hasIn("other", "bob")
			s.leaves("bob")
			s.joins("new", "bob")
		}, []string{"hold name-conflict new", "block empty remove"}},
		{"the holder's source is not configured any more", func(s *scene) {
			s.source("other")
			s.hasIn("other", "bob")
			s.leaves("bob")
			delete(s.sources, "other")
			s.joins("new", "bob")
		}, []string{"hold source-gone ", "hold name-conflict new"}},
		{"whoever left is parked, and the rename is made in the same run", func(s *scene) {
			s.has("ann")
			s.has("bob", "info")
			s.leaves("bob")
			s.renamed("ann", "bob", "info")
		}, []string{"park BOB bob>syncagent-parked-BOB [info]>[]", "rename ANN ann>bob", "missing bob 0"}},
	})
}

func TestNameReused(t *testing.T) {
	gone := func(change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.has("ann", "info")
			s.entries["ann"].SamePerson = []string{"7"}
			s.learn("ann")
			s.missed("ann", 1, 0)
			s.joins("new", "ann")
			s.entries["new"].SamePerson = []string{"8"}
			change(s)
		}
	}
	runTable(t, []row{
		{"parked", gone(func(*scene) {}), []string{"park ANN ann>syncagent-parked-ANN [info]>[]", "missing ann 1"}},
		{
			"parked where nothing is mapped", gone(func(s *scene) { s.entries["new"].SamePerson = nil }),
			[]string{"park ANN ann>syncagent-parked-ANN [info]>[]", "missing ann 1"},
		},
		{"held", gone(func(s *scene) { s.staff().Policy.Park = false }), []string{"hold name-reused new", "missing ann 1"}},
		{
			"a relink is proposed", gone(func(s *scene) { s.entries["new"].SamePerson = []string{"7"} }),
			[]string{"hold relink-proposed new", "missing ann 1"},
		},
		{"two empty values are no proof", gone(func(s *scene) {
			s.people["ann"].SamePerson, s.entries["new"].SamePerson = []Hash{{}}, []string{""}
		}), []string{"park ANN ann>syncagent-parked-ANN [info]>[]", "missing ann 1"}},
		{"no relink to whoever lived at the same time", func(s *scene) {
			gone(func(*scene) {})(s)
			s.joins("old", "ann")
			s.entries["old"].SamePerson = []string{"7"}
			s.knowsUnbound("staff", "old")
			s.leaves("new")
		}, []string{"park ANN ann>syncagent-parked-ANN [info]>[]", "missing ann 1"}},
		{"by a living person that is renamed", func(s *scene) {
			s.has("bob")
			s.has("ann")
			s.missed("ann", 1, 0)
			s.renamed("bob", "ann")
		}, []string{"park ANN ann>syncagent-parked-ANN", "rename BOB bob>ann", "missing ann 1"}},
		{
			"the account is protected", gone(func(s *scene) { s.staff().Policy.Protect = []string{"ann"} }),
			[]string{"hold name-taken new", "missing ann 1"},
		},
	})
}

func TestParkIsRemembered(t *testing.T) {
	s := newScene()
	s.has("ann", "info")
	s.boxes["ann"].Access = `{"@type":"Inherit"}`
	s.missed("ann", 1, 0)
	s.joins("new", "ann")
	d := s.decide()
	p := rowOf(t, d, "ann")
	if p.Access != AccessParked || !p.Mixed || p.Before == nil || p.Before.Name != at("ann") || p.Before.Access == "" || p.Link.Name != at("syncagent-parked-ANN") {
		t.Errorf("row: %+v", p)
	}
	if graves := d.Effects[1].Tombstones; len(graves) != 2 || graves[0].Text != at("ann") || graves[1].Text != "" {
		t.Errorf("tombstones: %+v", graves)
	}
}
