package reconcile_test

import (
	"testing"
	"time"

	. "syncagent/internal/reconcile"
)

// TestFound has the situations in which the random histories of
// TestMillionSteps once found a mistake, one row each.
func TestFound(t *testing.T) {
	hour := noon.Add(-30 * time.Minute) // since the last complete read
	runTable(t, []row{
		{"a rename that is only reported does not leave a leaver's mail open to the new name", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.missed("bob", 1, 0)
			s.staff().Policy.Rename = false
			s.renamed("ann", "bob")
		}, []string{"park BOB bob>syncagent-parked-BOB", "hold rename-reported ann", "missing bob 1"}},
		{"nor does it to somebody who comes back from being parked", func(s *scene) {
			s.parked("ann")
			s.joins("ann", "bob")
			s.has("bob")
			s.missed("bob", 1, 0)
			s.staff().Policy.Rename = false
		}, []string{"park BOB bob>syncagent-parked-BOB", "hold rename-reported ann", "missing bob 1"}},
		{"somebody who comes back gets his name from a leaver's account at the next read", func(s *scene) {
			s.parked("ann")
			s.joins("ann", "bob")
			s.has("bob")
			s.missed("bob", 1, 0)
		}, []string{"park BOB bob>syncagent-parked-BOB", "hold name-taken ann", "missing bob 1"}},
		{"an account nobody is linked to, made after another ID bore the name, is not a newcomer's", func(s *scene) {
			s.joins("old", "eva")
			s.knowsUnbound("staff", "old")
			s.leaves("old")
			s.joins("new", "eva")
			s.box("eva", "eva", hour)
		}, []string{"park EVA eva>syncagent-parked-EVA", "missing old 0"}},
		{"nor while an entry of another source may be its owner", func(s *scene) {
			s.source("other").Evidence.Complete = false
			s.joins("new", "eva")
			s.box("eva", "eva", hour)
		}, []string{"hold source-incomplete new", "block incomplete remove"}},
		{"an old account is not parked while an entry of another source may be its owner", func(s *scene) {
			s.source("other").Evidence.Complete = false
			s.joins("new", "eva")
			s.box("eva", "eva", longAgo)
		}, []string{"hold source-incomplete new", "block incomplete remove"}},
		{"an unbound entry gets no account of a name that somebody else claims since", func(s *scene) {
			s.joins("eva", "eva")
			s.knowsUnbound("staff", "eva")
			s.has("ann")
			s.renamed("ann", "eva")
			s.box("new", "eva", hour)
		}, []string{"hold name-conflict ann", "hold name-conflict eva"}},
		{"a suspended account is not opened under a name that is another person's now", func(s *scene) {
			s.has("ann")
			s.people["ann"].Access, s.people["ann"].Before = AccessSuspended, s.boxes["ann"]
			s.renamed("ann", "zoe")
			s.joins("new", "ann")
		}, []string{"park ANN ann>syncagent-parked-ANN", "hold name-taken ann"}},
		{"what is put back has no address that another account got meanwhile", func(s *scene) {
			s.parked("ann")
			s.people["ann"].Before.Addresses = ats([]string{"info"})
			s.joins("ann", "ann")
			s.has("bob", "info")
			s.staff().Policy.AddressesMapped = false
		}, []string{"resume ANN syncagent-parked-ann>ann"}},
		{"an account that was linked under another name than its owner's is not renamed against the policy", func(s *scene) {
			s.has("ann")
			s.boxes["ann"].Name, s.people["ann"].Link.Name = at("old"), at("old")
			s.people["ann"].Entry = Hash{}
			s.staff().Policy.Rename = false
		}, []string{"hold rename-reported ann"}},
		{"an account that is linked in the same run is not left open to somebody whose name is one of its addresses", func(s *scene) {
			s.source("zoo").Policy.AddressesMapped = false
			s.hasIn("zoo", "ann")
			s.joinsIn("zoo", "eva", "eva")
			s.knowsUnbound("zoo", "eva")
			s.box("eva", "eva", hour, "bob")
			s.has("bob")
			s.boxes["bob"].Name, s.people["bob"].Link.Name, s.people["bob"].Name = at("rob"), at("rob"), at("rob")
			s.people["bob"].Entry = Hash{}
			s.staff().Policy.Rename = false
			s.entries["eva"].Addresses, s.entries["eva"].AddressesMapped, s.people["eva"].Addresses = nil, false, nil
		}, []string{"hold address-unproven bob", "hold rename-reported bob", "link eva EVA"}},
		{"the first run of another source does not link an account whose name somebody else bore", func(s *scene) {
			s.source("zoo").State = SourceState{Name: "zoo"}
			s.joinsIn("zoo", "eva", "eva")
			s.box("eva", "eva", longAgo)
			s.f.Tombstones = []Tombstone{{Key: keyOf(at("eva")), Text: at("eva"), Owner: PrincipalRef{Source: "staff", ID: "kim"}, Since: lastRead}}
			s.has("kim")
		}, []string{"hold account-unproven eva"}},
		{"while a drop waits for approval, a newcomer does not get a leaver's mail", func(s *scene) {
			s.crowd(10)
			s.staff().Policy.MaxDrop = 0.1
			s.staff().State.Largest = map[string]int{"2026-02-20": 10}
			s.leaves("p00", "p01", "p02")
			s.joins("new", "p00")
		}, []string{
			"park P00 p00>syncagent-parked-P00",
			"unconfirmed p00", "unconfirmed p01", "unconfirmed p02", "block drop remove",
		}},
	})
}

// TestDisabledIsNotForgotten: whoever is renamed, or linked to an account, in
// the same read that says that the login is disabled, is decided again.
func TestDisabledIsNotForgotten(t *testing.T) {
	disabled := func() *scene {
		s := newScene()
		s.staff().Policy.SuspendDisabled = true
		return s
	}
	s := disabled()
	s.has("ann")
	s.renamed("ann", "zoe")
	s.entries["ann"].Enabled = EnabledNo
	if row := rowOf(t, s.decide(), "ann"); !row.Entry.IsZero() {
		t.Errorf("renamed: %+v", row)
	}
	s = disabled()
	s.joins("eva", "eva")
	s.entries["eva"].Enabled = EnabledNo
	s.box("eva", "eva", noon.Add(-30*time.Minute))
	if row := rowOf(t, s.decide(), "eva"); !row.Entry.IsZero() || row.Link.Account != "EVA" {
		t.Errorf("linked: %+v", row)
	}
}

// TestAnotherClaimDoesNotHideWhoUsedAnAccount: one entry may list as an address
// what another one has as its name.
func TestAnotherClaimDoesNotHideWhoUsedAnAccount(t *testing.T) {
	s := newScene()
	s.has("bob", "eva")
	s.missed("bob", 1, 0)
	s.source("other").Evidence.Complete = false
	s.hasIn("other", "kim")
	s.lists("kim", "eva")
	s.learn("kim")
	s.joins("eva", "eva")
	if row := rowOf(t, s.decide(), "bob"); !row.Mixed {
		t.Errorf("the account whose address is eva's name may hold her mail: %+v", row)
	}
}

// TestAnAccountThatIsNotProvenStaysSo: what once spoke against an account may
// be forgotten, but then its age does not speak for it either.
func TestAnAccountThatIsNotProvenStaysSo(t *testing.T) {
	s := newScene()
	s.staff().Policy.Park = false
	s.joins("new", "eva")
	s.box("eva", "eva", longAgo)
	if row := rowOf(t, s.decide(), "new"); !row.NameLackedAt.Equal(noon) {
		t.Errorf("an account made on %s may still be taken for that of %+v", longAgo, row)
	}
}
