package reconcile_test

import (
	"strings"
	"testing"

	. "syncagent/internal/reconcile"
)

// did makes an action that an earlier run did to an account.
func did(kind ActionKind, id, from, to string) Action {
	return Action{
		Kind: kind, Source: "staff", StableID: StableID(id), Account: AccountID(strings.ToUpper(id)), From: at(from), To: at(to),
		Before: &Account{ID: AccountID(strings.ToUpper(id)), Name: at(from), Kind: KindIndividual, Created: longAgo},
	}
}

func undoing(done ...Action) func(Facts) Decision {
	return func(f Facts) Decision { return DecideUndo(f, done) }
}

// called gives a person and the account of it another name, as a run did.
func (s *scene) called(id, name string) {
	s.renamed(id, name)
	s.learn(id)
	s.boxes[id].Name = at(name)
	s.people[id].Link.Name = at(name)
}

// exchanged lets a run have exchanged the names of two persons.
func (s *scene) exchanged(a, b string) {
	s.has(a)
	s.has(b)
	s.called(a, b)
	s.called(b, a)
}

// parked lets a run have moved a missing person's account aside.
func (s *scene) movedAside(id string) {
	s.has(id)
	s.overdue(id)
	p, acc := s.people[id], s.boxes[id]
	before := *acc
	p.Before, p.Access = &before, AccessParked
	acc.Name, acc.Suspended = "syncagent-parked-"+string(acc.ID)+"@example.org", true
	p.Link.Name = acc.Name
}

func TestUndo(t *testing.T) {
	t.Parallel()
	aside := "syncagent-parked-ANN"
	runOrders(t, []orderRow{
		{"a rename", func(s *scene) { s.has("ann"); s.called("ann", "eve") }, undoing(did(ActRename, "ann", "ann", "eve")), []string{"rename ANN eve>ann"}},
		{"an exchange of names that the directory took back, too", func(s *scene) {
			s.exchanged("ann", "bob")
			s.renamed("ann", "ann")
			s.renamed("bob", "bob")
		}, undoing(did(ActRename, "ann", "ann", "bob"), did(ActRename, "bob", "bob", "ann")), []string{"rename ANN bob>ann via", "rename BOB ann>bob"}},
		{"an exchange of names that the directory still has would open each one's mail to the other", func(s *scene) {
			s.exchanged("ann", "bob")
		}, undoing(did(ActRename, "ann", "ann", "bob"), did(ActRename, "bob", "bob", "ann")), []string{"hold not-undone ann", "hold not-undone bob"}},
		{"it was renamed since", func(s *scene) { s.has("ann"); s.called("ann", "zoe") }, undoing(did(ActRename, "ann", "ann", "eve")), []string{"hold not-undone ann"}},
		{"the account is gone", func(s *scene) {
			s.has("ann")
			s.called("ann", "eve")
			delete(s.boxes, "ann")
		}, undoing(did(ActRename, "ann", "ann", "eve")), []string{"hold not-undone ann"}},
		{"another account has the name", func(s *scene) {
			s.has("ann")
			s.called("ann", "eve")
			s.box("x", "ann", lastRead)
		}, undoing(did(ActRename, "ann", "ann", "eve")), []string{"hold not-undone ann"}},
		{"another entry has the name", func(s *scene) {
			s.has("ann")
			s.called("ann", "eve")
			s.joins("new", "ann")
		}, undoing(did(ActRename, "ann", "ann", "eve")), []string{"hold not-undone ann"}},
		{"protected", func(s *scene) {
			s.has("ann")
			s.called("ann", "eve")
			s.f.Protections = []Protection{{Pattern: "eve@example.org"}}
		}, undoing(did(ActRename, "ann", "ann", "eve")), []string{"hold protected ann"}},
		{"a park", func(s *scene) { s.has("bob"); s.movedAside("ann") }, undoing(did(ActPark, "ann", "ann", aside)), []string{"resume ANN syncagent-parked-ANN>ann"}},
		{"access is not given back while an address is another person's", func(s *scene) {
			s.has("ann", "info")
			s.overdue("ann")
			s.people["ann"].Access, s.boxes["ann"].Suspended = AccessSuspended, true
			s.joins("new", "info")
		}, undoing(did(ActSuspend, "ann", "ann", "ann")), []string{"hold not-undone ann"}},
		{"a park whose name is another person's", func(s *scene) {
			s.movedAside("ann")
			s.joins("new", "ann")
		}, undoing(did(ActPark, "ann", "ann", aside)), []string{"hold not-undone ann"}},
		{
			"the name of a park comes back with the rename that took it, if the directory took that back, too", func(s *scene) {
				s.movedAside("ann")
				s.has("bob")
				s.called("bob", "ann")
				s.renamed("bob", "bob")
			}, undoing(did(ActPark, "ann", "ann", aside), did(ActRename, "bob", "bob", "ann")),
			[]string{"rename BOB ann>bob", "resume ANN syncagent-parked-ANN>ann"},
		},
		{
			"a leaver's mail does not come back under a name that is another person's in the directory", func(s *scene) {
				s.movedAside("ann")
				s.has("bob")
				s.called("bob", "ann")
			}, undoing(did(ActPark, "ann", "ann", aside), did(ActRename, "bob", "bob", "ann")),
			[]string{"rename BOB ann>bob", "hold not-undone ann"},
		},
		{
			"deletes and releases stay", func(s *scene) { s.has("ann") }, undoing(did(ActDelete, "bob", "bob", ""), did(ActRelease, "ann", "ann", "ann")),
			[]string{"hold not-undone ann", "hold not-undone bob"},
		},
		{"limits count", func(s *scene) {
			s.has("ann")
			s.called("ann", "eve")
			s.staff().Policy.Limits = map[ActionKind]Limit{ActRename: {Count: 0}}
		}, undoing(did(ActRename, "ann", "ann", "eve")), []string{
			"rename ANN eve>ann blocked", "block limit-rename rename", "block limit-rename rename",
			"block limit-rename-week rename", "block limit-rename-week rename",
		}},
	})
}

// TestUndoHoldsOn: what was given back stays until the entry changes, also if a
// killed run made it and another one settles it.
func TestUndoHoldsOn(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has("ann")
	s.called("ann", "eve")
	s.people["ann"].Entry = Hash{}
	f := s.facts()
	d := DecideUndo(f, []Action{did(ActRename, "ann", "ann", "eve")})
	a := d.Plan.Actions[0]
	row := rowOf(t, d, "ann")
	if want := HeldHash(*s.entries["ann"]); row.HeldEntry != want || row.Name != at("ann") || row.Link.Name != at("ann") {
		t.Errorf("row %+v, want it held at %s", row, want)
	}
	e := Recovered(a, FoundDone, *s.people["ann"], rules, Account{ID: "ANN", Name: at("ann")}, noon)
	if len(e.Principals) != 1 || e.Principals[0].HeldEntry != row.HeldEntry {
		t.Errorf("recovered %+v", e.Principals)
	}
}
