package reconcile_test

import (
	"testing"
	"time"

	. "syncagent/internal/reconcile"
)

// learnFrom takes into the ledger of a scene what a decision records.
func (s *scene) learnFrom(d Decision) {
	for _, p := range d.Record.Principals {
		if old, ok := s.people[string(p.ID)]; ok {
			p.Row = old.Row
		}
		s.people[string(p.ID)] = &p
	}
	for _, st := range d.Sources {
		s.sources[st.Name].State = st
	}
}

// dropped is the day after ten of forty left and one person approved what that
// blocked; three deletes are allowed in a day.
func dropped(change func([]ApprovedItem) []ApprovedItem) *scene {
	s := newScene()
	s.crowd(40)
	s.staff().Policy.MaxDrop = 0.1
	s.staff().Policy.Limits[ActDelete] = Limit{Count: 3, Percent: 100}
	s.staff().State.Largest = map[string]int{"2026-02-20": 40}
	for i := range 10 {
		s.leaves(person2(i))
	}
	d := s.decide()
	s.learnFrom(d)
	s.f.Given = map[int64]bool{7: true}
	s.f.Approvals = []Approval{{ID: 7, Items: change(d.Blocked), By: []string{"eve"}, Created: noon.Add(time.Minute), Expires: noon.Add(24 * time.Hour)}}
	s.f.Now = noon.Add(2 * time.Hour)
	s.learnFrom(s.decide())
	return s
}

// days lets complete reads pass, one a day, and gives the last decision.
func (s *scene) days(n int) Decision {
	var d Decision
	for range n {
		s.f.Now = s.f.Now.Add(24 * time.Hour)
		d = s.decide()
		s.learnFrom(d)
	}
	return d
}

func all(items []ApprovedItem) []ApprovedItem { return items }

func justItems(kind string) func([]ApprovedItem) []ApprovedItem {
	return func(items []ApprovedItem) (out []ApprovedItem) {
		for _, item := range items {
			if item.Kind == kind {
				out = append(out, item)
			}
		}
		return out
	}
}

// covered counts the deletes that the approval of the absences covers, and
// tells whether the stage may run.
func covered(d Decision) (deletes, approved int, allowed bool) {
	for _, a := range d.Plan.Actions {
		if a.Kind == ActDelete {
			deletes++
			if a.Approved && a.Approval == 7 {
				approved++
			}
		}
	}
	return deletes, approved, d.Allowed["staff"][StageRemove]
}

func TestTheApprovalOfAnAbsenceCoversTheDelete(t *testing.T) {
	for _, c := range []struct {
		name              string
		items             func([]ApprovedItem) []ApprovedItem
		set               func(s *scene) // after the absences were confirmed
		more              int            // further days after the grace
		deletes, approved int
		allowed           bool
	}{
		{"all stay away", all, nil, 0, 10, 10, true},
		{"the approval itself has expired long ago", all, func(s *scene) { s.f.Approvals = nil }, 0, 10, 10, true},
		{"absences only", justItems("miss"), nil, 0, 10, 0, false},
		{"it was taken back", all, func(s *scene) { s.f.Approvals, s.f.Given = nil, nil }, 0, 10, 0, false},
		{"one came back for a day and left again", all, func(s *scene) {
			s.joins("p00", "p00")
			s.days(1)
			s.leaves("p00")
			s.days(1)
		}, 0, 9, 9, true},
		{"one who came back and left again counts as anybody", all, func(s *scene) {
			s.staff().Policy.GraceTime = 96 * time.Hour // then all are due together
			s.joins("p00", "p00")
			s.days(1)
			s.leaves("p00")
			s.days(4)
		}, 0, 10, 9, true},
		{"more of them than the limit need it anew", all, func(s *scene) {
			for i := range 4 {
				s.joins(person2(i), person2(i))
			}
			s.days(1)
			for i := range 4 {
				s.leaves(person2(i))
				s.staff().State.Largest = nil
			}
			s.days(2)
		}, 0, 10, 6, false},
		{"the filter changed, and nobody approved that", all, func(s *scene) { s.staff().Fingerprint = "other" }, 0, 0, 0, false},
		{"the filter changed, and back", all, func(s *scene) {
			s.staff().Fingerprint = "other"
			s.days(1)
			s.staff().Fingerprint = "fp"
			s.f.Approvals = nil
		}, 1, 10, 0, false},
		{"the change of the filter was approved, for absences only", all, func(s *scene) {
			s.staff().Fingerprint = "other"
			d := s.days(1)
			s.f.Approvals = []Approval{{ID: 8, Items: justItems("miss")(d.Blocked), By: []string{"eve"}, Created: s.f.Now, Expires: s.f.Now.Add(48 * time.Hour)}}
			s.days(1)
		}, 1, 10, 0, false},
		{"another directory answered once", all, func(s *scene) {
			s.staff().Evidence.Directory = "dc=other"
			s.days(1)
			s.staff().Evidence.Directory = "dc=test"
			s.f.Approvals = nil
		}, 1, 10, 0, false},
		{"another mail server", all, func(s *scene) { s.f.Approvals, s.f.Server.Fingerprint = nil, "other" }, 0, 10, 0, false},
		{"the mail server was not itself for a day", all, func(s *scene) {
			s.f.ServerChanged = "restored"
			s.days(1)
			s.f.ServerChanged, s.f.Approvals = "", nil
		}, 0, 10, 0, false},
		{"more persons are needed now", all, func(s *scene) { s.staff().Policy.Approvals = 2 }, 0, 10, 0, false},
		{"other accounts by a relink", all, func(s *scene) {
			for i := range 10 {
				id := person2(i)
				s.people[id].Link.Account, s.boxes[id].ID = AccountID("X"+id), AccountID("X"+id)
			}
		}, 0, 10, 0, false},
		{"the grace was made shorter: not before the day that was told", all, func(s *scene) { s.staff().Policy.GraceTime, s.staff().Policy.GraceRuns = 20*time.Hour, 2 }, -1, 10, 0, false},
		{"the grace was made shorter: on the day that was told", all, func(s *scene) { s.staff().Policy.GraceTime = 20 * time.Hour }, 0, 10, 10, true},
		{"still held after the grace, but not for long", all, func(s *scene) { s.f.Can.Delete = false }, 0, 10, 10, false},
		{"it ends by itself", all, func(s *scene) { s.f.Can.Delete = false }, 15, 10, 0, false},
		{"the account of one is somebody's", all, func(s *scene) { s.lists("p39", "p00") }, 0, 9, 9, true},
		{"one is protected", all, func(s *scene) { s.staff().Policy.Protect = []string{"p00@*"} }, 0, 9, 9, true},
		{"one may hold mail of two people", all, func(s *scene) { s.people["p00"].Mixed = true }, 0, 9, 9, true},
		{"one is found outside of the filter", all, func(s *scene) {
			s.recheck = func(ref PrincipalRef) (Recheck, bool) {
				if ref.ID == "p00" {
					return Recheck{ID: PresenceFound, Identity: PresenceAbsent}, true
				}
				return Recheck{ID: PresenceAbsent, Identity: PresenceAbsent}, true
			}
		}, 0, 9, 9, true},
		{"a canary is lost on that day", all, func(s *scene) {
			s.staff().Policy.Canaries, s.watch["staff"] = []string{"p00@example.org"}, []string{"p00@example.org"}
			s.staff().State.Canaries = map[string]StableID{"p00@example.org": "p00"}
		}, 0, 0, 0, false},
		{"ordinary leavers come on top, as the limit allows", all, func(s *scene) { s.leaves("p20", "p21", "p22") }, 1, 13, 10, true},
		{"more of them wait for an approval of their own", all, func(s *scene) {
			s.staff().Policy.MaxDrop = 0.5
			s.leaves("p20", "p21", "p22", "p23")
		}, 1, 14, 10, false},
		{"the export must be there all the same", all, func(s *scene) { s.staff().Policy.ExportRequired, s.f.Can.Export = true, false }, 0, 0, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := dropped(c.items)
			if got := s.people["p00"].Miss.Cover; got.IsZero() != (len(c.items([]ApprovedItem{{Kind: "delete-later"}})) == 0) {
				t.Fatalf("cover after the confirmation: %+v", got)
			}
			if c.set != nil {
				c.set(s)
			}
			days := 2 + c.more
			if done := int(s.f.Now.Sub(noon).Hours()) / 24; done > 0 && c.more >= 0 {
				days = max(1, days-done)
			}
			d := s.days(days)
			deletes, approved, allowed := covered(d)
			if deletes != c.deletes || approved != c.approved || allowed != c.allowed {
				t.Errorf("%d deletes, %d of them covered, allowed %v; want %d, %d, %v: %v", deletes, approved, allowed, c.deletes, c.approved, c.allowed, show(d))
			}
			checkExplained(t, d)
		})
	}
}
