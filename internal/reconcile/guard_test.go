package reconcile_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

// crowd puts n people p00, p01, … into a scene.
func (s *scene) crowd(n int) {
	for i := range n {
		s.has(person2(i))
	}
}

func person2(i int) string { return fmt.Sprintf("p%02d", i) }

// blocks lists the codes of the verdict with their stages.
func blocks(d Decision) []string {
	out := []string{}
	for _, r := range d.Plan.Verdict.Reasons {
		out = append(out, r.Code+" "+string(r.Stage))
	}
	return out
}

type guardRow struct {
	name string
	set  func(*scene)
	want []string
}

func runGuards(t *testing.T, rows []guardRow) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s := newScene()
			r.set(s)
			d := s.decide()
			if diff := cmp.Diff(append([]string{}, r.want...), blocks(d)); diff != "" {
				t.Errorf("blocks (-want +got):\n%s", diff)
			}
			if d.Plan.Verdict.Blocked != (len(r.want) > 0) {
				t.Errorf("blocked is %v", d.Plan.Verdict.Blocked)
			}
			checkExplained(t, d)
		})
	}
}

func TestUnusableSources(t *testing.T) {
	runGuards(t, []guardRow{
		{"not read to its end", func(s *scene) { s.has("ann"); s.staff().Evidence.Complete = false }, []string{"incomplete remove"}},
		{"its own reasons are told", func(s *scene) {
			s.has("ann")
			s.staff().Evidence.Complete = false
			s.staff().Evidence.Reasons = []Reason{{Code: UnusableTimeout, Message: "page 7"}}
		}, []string{"timeout remove"}},
		{"empty", func(s *scene) { s.has("ann"); s.leaves("ann") }, []string{"empty remove"}},
		{"below the floor", func(s *scene) { s.has("ann"); s.staff().Policy.MinEntries = 2 }, []string{"floor remove"}},
		{"on the floor", func(s *scene) { s.has("ann"); s.staff().Policy.MinEntries = 1 }, nil},
		{"older by a number", func(s *scene) {
			s.has("ann")
			s.staff().State.Positions, s.staff().Evidence.Positions = map[string]string{"a": "10"}, map[string]string{"a": "9"}
		}, []string{"older-snapshot remove"}},
		{"older by a text", func(s *scene) {
			s.has("ann")
			s.staff().State.Positions = map[string]string{"000": "20260301115900.000000Z#000000#000#000000"}
			s.staff().Evidence.Positions = map[string]string{"000": "20260301115800.000000Z#000000#000#000000"}
		}, []string{"older-snapshot remove"}},
		{"the same age", func(s *scene) {
			s.has("ann")
			s.staff().State.Positions, s.staff().Evidence.Positions = map[string]string{"a": "10"}, map[string]string{"a": "10"}
		}, nil},
		{"an age that cannot be compared", func(s *scene) {
			s.has("ann")
			s.staff().State.Positions, s.staff().Evidence.Positions = map[string]string{"a": "10"}, map[string]string{"b": "9"}
		}, nil},
	})
}

func TestAnUnusableSourceTeachesNothing(t *testing.T) {
	s := newScene()
	s.has("ann")
	s.has("bob")
	s.overdue("bob")
	s.renamed("ann", "eve")
	s.joins("new", "new")
	s.staff().Policy.MinEntries = 50
	d := s.decide()
	if len(d.Plan.Actions)+len(d.Record.Principals)+len(d.Sources)+len(d.Plan.Missing) != 0 {
		t.Errorf("decision: %+v", d)
	}
	for _, r := range d.Plan.Verdict.Reasons {
		if r.Approvable {
			t.Errorf("%s can be approved", r.Code)
		}
	}
}

func TestSnapshotGuards(t *testing.T) {
	gone := func(n int, change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.crowd(20)
			for i := range n {
				s.leaves(person2(i))
			}
			s.staff().Policy.MaxDrop = 0.1
			s.staff().State.Largest = map[string]int{"2026-02-20": 20}
			change(s)
		}
	}
	runGuards(t, []guardRow{
		{"a tenth may go", gone(2, func(*scene) {}), nil},
		{"more may not", gone(3, func(*scene) {}), []string{"drop remove"}},
		{"those already counted are measured by the size", gone(3, func(s *scene) {
			for i := range 3 {
				s.missed(person2(i), 1, 0)
			}
		}), []string{"drop remove"}},
		{"newcomers do not hide who is gone", gone(3, func(s *scene) {
			for i := range 5 {
				s.joins(fmt.Sprint("new", i), fmt.Sprint("new", i))
			}
		}), []string{"drop remove"}},
		{"the best of 30 days", gone(0, func(s *scene) {
			s.staff().State.Largest["2026-01-30"] = 40
			s.leaves("p00")
		}), []string{"drop remove"}},
		{"what is older does not count", gone(0, func(s *scene) {
			s.staff().State.Largest["2026-01-29"] = 40
			s.leaves("p00")
		}), nil},
		{"nobody is gone: the size alone does not block", gone(0, func(s *scene) { s.staff().State.Largest["2026-02-20"] = 40 }), nil},
		{"no drop is allowed at all", gone(1, func(s *scene) { s.staff().Policy.MaxDrop = 0 }), []string{"drop remove"}},
		{"one person may always leave", func(s *scene) {
			s.crowd(3)
			s.leaves("p00")
			s.staff().Policy.MaxDrop = 0.1
			s.staff().State.Largest = map[string]int{"2026-02-20": 3}
		}, nil},
		{"a canary is there", func(s *scene) { s.crowd(3); s.canary("p00", "") }, nil},
		{"a canary is not there", func(s *scene) { s.crowd(3); s.canary("zoe", "") }, []string{"canary remove"}},
		{"a canary under another name", func(s *scene) { s.crowd(3); s.canary("p00", "p00"); s.renamed("p00", "new") }, nil},
		{"another ID under the canary's name", func(s *scene) {
			s.crowd(3)
			s.canary("p00", "p00")
			s.leaves("p00")
			s.renamed("p01", "p00")
		}, []string{"canary remove"}},
		{
			"the directory is another one", func(s *scene) { s.crowd(3); s.leaves("p00"); s.staff().Evidence.Directory = "dc=other" },
			[]string{"directory-changed remove"},
		},
		{"the same with everybody there", func(s *scene) { s.crowd(3); s.staff().Evidence.Directory = "dc=other" }, nil},
		{"the fuse", func(s *scene) { s.crowd(3); s.leaves("p00"); s.staff().Fingerprint = "other" }, []string{"fuse remove"}},
		{"the fuse with nobody leaving", func(s *scene) { s.crowd(3); s.staff().Fingerprint = "other" }, nil},
		{
			"the ID attribute changed", func(s *scene) { s.crowd(3); s.staff().Evidence.IDAttribute = "uidNumber" },
			[]string{"id-attribute-changed protect", "id-attribute-changed remove", "id-attribute-changed rename"},
		},
		{
			"the server changed", func(s *scene) { s.crowd(3); s.f.ServerChanged = "5 of 20 differ" },
			[]string{"server-changed protect", "server-changed remove", "server-changed rename"},
		},
		{
			"four came back under new IDs", func(s *scene) { s.crowd(9); s.churn(4) },
			[]string{"id-churn protect", "id-churn remove", "id-churn rename"},
		},
		{"three are too few to say so", func(s *scene) { s.crowd(9); s.churn(3) }, nil},
		{"four lost their name", func(s *scene) {
			s.crowd(9)
			s.staff().Policy.Limits[ActRename] = Limit{Count: 3}
			for i := range 4 {
				s.entries[person2(i)].Names = nil
			}
		}, []string{"names-lost remove", "names-lost rename"}},
		{
			"four lost all addresses", func(s *scene) { s.addressesLost(4) },
			[]string{"addresses-lost protect", "addresses-lost remove", "addresses-lost rename"},
		},
		{"three may", func(s *scene) { s.addressesLost(3) }, nil},
	})
}

func (s *scene) canary(pattern string, remembered StableID) {
	src := s.staff()
	src.Policy.Canaries = []string{pattern}
	s.watch["staff"] = []string{pattern}
	if remembered != "" {
		src.State.Canaries = map[string]StableID{pattern: remembered}
	}
}

func (s *scene) churn(n int) {
	for i := range n {
		s.leaves(person2(i))
		s.joins("new-"+person2(i), person2(i))
	}
}

func (s *scene) addressesLost(n int) {
	s.crowd(9)
	s.staff().Policy.Limits[ActRename] = Limit{Count: 3}
	for i := range n {
		s.boxes[person2(i)].Addresses = ats([]string{"x" + person2(i)})
		s.people[person2(i)].Addresses = []Hash{keyOf(at("x" + person2(i)))}
		s.entries[person2(i)].Addresses = nil
	}
}

func TestLostAddressesStayBlockedInLaterReads(t *testing.T) {
	s := newScene()
	s.addressesLost(4)
	for run := range 4 {
		s.f.Now = s.f.Now.Add(2 * time.Hour)
		d := s.decide()
		if len(d.Plan.Verdict.Reasons) != 3 || d.Allowed["staff"][StageProtect] {
			t.Fatalf("run %d is blocked by %v", run, blocks(d))
		}
		s.record(d)
	}
}

// record writes to the ledger what a decision learned, without its actions.
func (s *scene) record(d Decision) {
	for _, p := range d.Record.Principals {
		if old := s.people[string(p.ID)]; old != nil {
			row := old.Row
			*old = p
			old.Row = row
		}
	}
	for _, st := range d.Sources {
		s.sources[st.Name].State = st
	}
}

func TestDoubtedAbsencesDoNotCount(t *testing.T) {
	s := newScene()
	s.crowd(3)
	s.leaves("p00")
	s.missed("p01", 5, 100*time.Hour)
	s.staff().Fingerprint = "other"
	d := s.decide()
	want := []string{"unconfirmed p00", "unconfirmed p01", "block fuse remove"}
	if diff := cmp.Diff(want, show(d)); diff != "" {
		t.Fatalf("decision (-want +got):\n%s", diff)
	}
	p := rowOf(t, d, "p00")
	if p.State != StateActive || p.Miss.Reads != 0 || !p.Miss.Unconfirmed || !p.LastSeen.Equal(lastRead) {
		t.Errorf("row: %+v", p)
	}
	if st := d.Sources[0]; st.Fingerprint != "fp" || !st.LastCounted.Equal(lastRead) {
		t.Errorf("state: %+v", st)
	}
	*s.people["p00"] = p
	s.joins("p00", "p00") // and it comes back
	if p := rowOf(t, s.decide(), "p00"); p.Miss.Unconfirmed || !p.LastSeen.IsZero() || p.Entry.IsZero() {
		t.Errorf("row: %+v", p)
	}
}

func TestNewEntriesWaitWhileTheFuseIsBlown(t *testing.T) {
	s := newScene()
	s.crowd(3)
	s.leaves("p00")
	s.joins("new", "new")
	s.joins("old", "old")
	s.box("old", "old", longAgo)
	s.staff().Fingerprint = "other"
	want := []string{"hold account-unproven old", "unconfirmed p00", "block fuse remove"}
	if diff := cmp.Diff(want, show(s.decide())); diff != "" {
		t.Fatalf("decision (-want +got):\n%s", diff)
	}
	s.joins("p00", "p00") // nobody leaves: the new meaning is accepted
	if diff := cmp.Diff([]string{"hold account-unproven old"}, show(s.decide())); diff != "" {
		t.Fatalf("decision (-want +got):\n%s", diff)
	}
}
