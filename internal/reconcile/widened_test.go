package reconcile_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

// widen gives the source another meaning, in a run in which nobody leaves.
func (s *scene) widen() { s.staff().Fingerprint = "other" }

// TestAWiderSourceLinksOnlyWhatIsProven: in the run that accepts another base,
// filter or mapping, a newcomer must not get an orphan's mailbox for its name.
func TestAWiderSourceLinksOnlyWhatIsProven(t *testing.T) {
	runTable(t, []row{
		{"an old account of the name is held, not linked and not parked", func(s *scene) {
			s.has("bob")
			s.widen()
			s.joins("ann", "ann")
			s.box("ann", "ann", longAgo)
		}, []string{"hold account-unproven ann"}},
		{"an account made after the last reading is linked", func(s *scene) {
			s.has("bob")
			s.widen()
			s.joins("ann", "ann")
			s.box("ann", "ann", lastRead.Add(time.Minute))
		}, []string{"link ann ANN"}},
		{"not if it was listed before", func(s *scene) {
			s.has("bob")
			s.widen()
			s.joins("ann", "ann")
			s.box("ann", "ann", lastRead.Add(time.Minute))
			s.boxes["ann"].FirstListed = lastRead.Add(-time.Minute)
		}, []string{"hold account-unproven ann"}},
		{"an account older than the person", func(s *scene) {
			s.has("bob")
			s.widen()
			s.joins("ann", "ann")
			s.entries["ann"].Created = lastRead
			s.box("ann", "ann", longAgo)
		}, []string{"hold older-than-person ann"}},
		{"an account younger than the person's entry is linked", func(s *scene) {
			s.has("bob")
			s.widen()
			s.joins("ann", "ann")
			s.entries["ann"].Created = longAgo.Add(-time.Hour)
			s.box("ann", "ann", longAgo)
		}, []string{"link ann ANN"}},
		{"not if somebody else is known to have had the name", func(s *scene) {
			s.has("bob")
			s.widen()
			s.joins("ann", "ann")
			s.entries["ann"].Created = longAgo.Add(-time.Hour)
			s.box("ann", "ann", longAgo)
			s.f.Tombstones = []Tombstone{{Key: keyOf(at("ann")), Owner: PrincipalRef{Source: "staff", ID: "bob"}, Since: longAgo}}
		}, []string{"hold account-unproven ann"}},
		{"an account without a time proves nothing", func(s *scene) {
			s.has("bob")
			s.widen()
			s.joins("ann", "ann")
			s.entries["ann"].Created = longAgo.Add(-time.Hour)
			s.box("ann", "ann", time.Time{})
			s.boxes["ann"].FirstListed = time.Time{}
		}, []string{"hold account-unproven ann"}},
		{"another directory identity is no better", func(s *scene) {
			s.has("bob")
			s.staff().Evidence.Directory = "dc=other"
			s.joins("ann", "ann")
			s.box("ann", "ann", longAgo)
		}, []string{"hold account-unproven ann"}},
		{"an unbound person whom another mapping gives another name", func(s *scene) {
			s.has("bob")
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.renamed("ann", "eve")
			s.box("eve", "eve", longAgo)
			s.widen()
		}, []string{"hold account-unproven ann"}},
		{"an unbound person of the same name as before, and an older account", func(s *scene) {
			s.has("bob")
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.box("ann", "ann", longAgo.Add(-time.Hour))
			s.widen()
		}, []string{"park ANN ann>syncagent-parked-ANN"}},
		{"the mailbox of a leaver is parked, as in any run", func(s *scene) {
			s.has("bob")
			s.has("ann")
			s.overdue("ann")
			s.staff().Fingerprint = "other"
			s.approve([]ApprovedItem{{Kind: "miss", Source: "staff", StableID: "ann", Account: "ANN", From: at("ann")}}, "eve")
			s.joins("new", "ann")
		}, []string{"park ANN ann>syncagent-parked-ANN", "hold still-used ann", "missing ann 9"}},
	})
}

// TestWhatAWiderSourceBroughtStaysHeld: the runs after it must not take these
// people for a reuse of names and park the mailboxes that they use.
func TestWhatAWiderSourceBroughtStaysHeld(t *testing.T) {
	s := newScene()
	s.has("bob")
	s.widen()
	s.joins("ann", "ann")
	s.box("ann", "ann", longAgo)
	d := s.decide()
	s.people["ann"] = &Principal{ID: "ann", Source: "staff", Row: 7}
	s.record(d)
	s.f.Now = noon.Add(2 * time.Hour)
	if diff := cmp.Diff([]string{"hold account-unproven ann"}, show(s.decide())); diff != "" {
		t.Fatalf("the next run (-want +got):\n%s", diff)
	}
	s.box("ann", "ann", noon.Add(time.Hour)) // an administrator moved the old one away, and it was made anew
	s.boxes["ann"].ID = "NEW"
	if diff := cmp.Diff([]string{"link ann NEW"}, show(s.decide())); diff != "" {
		t.Fatalf("the run after it (-want +got):\n%s", diff)
	}
}

// TestAnApprovedDropIsNoWiderSource: an approval of absences says nothing about
// the people who came.
func TestAnApprovedDropIsNoWiderSource(t *testing.T) {
	s := newScene()
	s.crowd(20)
	s.staff().Policy.MaxDrop = 0.1
	s.staff().State.Largest = map[string]int{"2026-02-20": 20}
	s.leaves("p00", "p01", "p02")
	s.joins("new", "new")
	s.box("new", "new", longAgo)
	s.approve(s.decide().Blocked, "eve")
	want := []string{"park NEW new>syncagent-parked-NEW", "missing p00 0", "missing p01 0", "missing p02 0"}
	if diff := cmp.Diff(want, show(s.decide())); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
}
