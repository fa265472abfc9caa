package reconcile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "syncagent/internal/reconcile"
)

// school is two months of a school with 2,000 people, with the default guards
// and limits and deletions switched on.
type school struct {
	*model
	t         *testing.T
	approvals int
	told      int
}

func newSchool(t *testing.T) *school {
	s := &school{model: newModel(newSeedDice(1), t.Fatalf), t: t}
	s.quiet = true
	s.policy = Policy{
		Rename: true, Missing: MissingDelete, GraceRuns: 3, GraceTime: 14 * 24 * time.Hour, Spacing: time.Hour,
		ExportRequired: true, Park: true, Twin: TwinReplaceEmpty, Tombstones: 365 * 24 * time.Hour, Approvals: 1,
		Limits: DefaultLimits(), MaxDrop: 0.1, AddressesMapped: true,
	}
	for i := range 2000 {
		p := s.hire(fmt.Sprintf("p%04d@example.org", i))
		s.login(p)
	}
	s.login(s.enter(0, "pupils", "guest@example.net")) // the other source of the model
	return s
}

// day makes the morning's run and tells what came of it in one line.
func (s *school) day(what string) Decision {
	s.t.Helper()
	s.now = s.now.Add(23 * time.Hour)
	for _, b := range s.boxes {
		if _, ok := s.lastAcc[b.id]; !ok {
			s.lastAcc[b.id], s.lacked[b.id] = s.now, s.listed
		}
	}
	s.listed = s.now
	d := s.decide(s.snapshots(reading{}), false)
	s.countAbsences(reading{}, d)
	s.write(d.Record)
	for _, state := range d.Sources {
		s.states[state.Name] = state
	}
	s.execute(d, reading{}, trouble{})
	s.last = d
	defer func() { s.now = s.now.Add(time.Hour) }() // what people do happens after the run
	c := d.Plan.Counts
	var blocks []string
	for _, b := range d.Plan.Verdict.Reasons {
		blocks = append(blocks, string(b.Stage)+":"+b.Code)
	}
	s.told++
	s.t.Logf("%s %-34s new %4d rename %4d park %3d delete %4d missing %4d hold %3d %s",
		s.now.Format("Jan 02"), what, c.New, c.Rename, c.Park, c.Delete, c.Missing, c.Hold, strings.Join(blocks, " "))
	return d
}

// approved lets a person approve what the last run blocked, and runs again.
func (s *school) approved(what string) Decision {
	s.t.Helper()
	items := s.last.Blocked
	if len(items) == 0 {
		s.t.Fatalf("%s: nothing to approve", what)
	}
	s.approvals++
	s.give(items)
	s.now = s.now.Add(-22 * time.Hour)
	return s.day(what)
}

// everybody checks that all who are in the directory open a mailbox of their
// own under their present name, and nobody somebody else's.
func (s *school) everybody() {
	s.t.Helper()
	open := map[string]*mailbox{}
	for _, b := range s.boxes {
		for _, name := range b.identities() {
			open[name] = b
		}
	}
	for _, id := range s.ids() {
		p := s.people[id]
		box := open[p.name]
		if box == nil { // the server makes one
			box = s.newAccount(p.name, p.id)
			open[p.name] = box
		}
		if box.blocked {
			s.t.Fatalf("%s (%s) is locked out of %s", p.id, p.name, box.id)
		}
		if box.owner != p.id {
			s.t.Fatalf("%s (%s) opens %s, which was made for %s", p.id, p.name, box.id, box.owner)
		}
	}
}

// leave takes the first n people who are still there away.
func (s *school) leave(n int) []string {
	var names []string
	for _, id := range s.ids() {
		if p := s.people[id]; len(names) < n && p.source == "staff" {
			names = append(names, p.name)
			delete(s.people, id)
		}
	}
	return names
}

// quietly plays ordinary days: one comes, one leaves, one is renamed.
func (s *school) quietly(days int) {
	s.t.Helper()
	before := s.approvals
	for range days {
		s.leave(1)
		p := s.hire(fmt.Sprintf("n%04d@example.org", s.nextID))
		s.login(p)
		ids := s.ids()
		q := s.people[ids[len(ids)/2]]
		q.name = fmt.Sprintf("r%04d@example.org", s.told)
		s.day("an ordinary day")
		s.everybody()
		if s.last.Plan.Verdict.Blocked || s.approvals != before {
			s.t.Fatalf("ordinary life needs an approval: %+v", s.last.Plan.Verdict.Reasons)
		}
	}
}

// TestTwoMonthsOfASchool: 30 % leave in one night, 30 % come in another, some
// of them with leavers' names; the filter is changed on purpose; the school
// merges and gets a new domain. Ordinary life goes on meanwhile, and each event
// needs one approval at most: that of absences covers the deletes after the
// grace.
func TestTwoMonthsOfASchool(t *testing.T) {
	s := newSchool(t)
	s.day("first run: adopt")
	s.everybody()
	s.quietly(3)
	needed := func(what string, most int) {
		t.Helper()
		if s.approvals > most {
			t.Fatalf("%s needed %d approvals", what, s.approvals)
		}
		s.approvals = 0
	}

	left, begun := s.leave(600), s.now
	s.day("30 % leave in one night")
	s.everybody()
	s.approved("  approved: the absences, and the deletes")
	s.everybody()
	s.quietly(5)

	for i := range 600 { // a few get the name of somebody who left
		name := fmt.Sprintf("c%04d@example.org", i)
		if i < 8 {
			name = left[i]
		}
		s.hire(name)
	}
	s.day("30 % come in one night, 8 names again")
	s.everybody()
	s.quietly(4)

	boxes, deleted := len(s.boxes), 0
	for deleted == 0 && s.told < 40 {
		s.quietly(1)
		if c := s.last.Plan.Counts.Delete; c > 500 {
			deleted = c
		}
	}
	if deleted < 580 || len(s.boxes) > boxes-570 || s.now.Sub(begun) < 14*24*time.Hour {
		t.Fatalf("%d accounts are deleted at once %s later; %d accounts before, %d now", deleted, s.now.Sub(begun), boxes, len(s.boxes))
	}
	needed("the night in which 600 left, and the one in which 600 came,", 1)

	s.filter++ // and with it, as many as never leave in a day are out of scope
	dropped := s.leave(100)
	s.day("the filter is changed on purpose")
	s.everybody()
	s.approved("  approved: the change of filter")
	s.everybody()
	s.quietly(18)
	for _, name := range dropped {
		if s.box(name) != nil {
			t.Fatalf("the account of %s, whom the filter drops, is still there", name)
		}
	}
	needed("the filter", 1)

	s.nextApproval++
	s.model.approvals = append(s.model.approvals, Approval{
		ID: s.nextApproval, RenameFrom: "example.org", RenameTo: "example.net", Max: 3000,
		By: []string{"eve"}, Created: s.now, Expires: s.now.Add(7 * 24 * time.Hour),
	})
	s.approvals++
	renamed := 0
	for _, p := range s.members("staff") {
		p.name = strings.Replace(p.name, "@example.org", "@example.net", 1)
		renamed++
	}
	if d := s.day("merger: a new domain, announced"); d.Plan.Counts.Rename < renamed-50 || d.Plan.Verdict.Blocked {
		t.Fatalf("%d of %d are renamed: %+v", d.Plan.Counts.Rename, renamed, d.Plan.Verdict.Reasons)
	}
	s.everybody()
	s.quietly(18)
	needed("the merger", 1)
}
