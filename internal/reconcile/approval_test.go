package reconcile_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

// approve adds an approval of items by some persons, valid for an hour.
func (s *scene) approve(items []ApprovedItem, by ...string) {
	s.f.Approvals = append(s.f.Approvals, Approval{Items: items, By: by, Created: lastRead, Expires: noon.Add(time.Hour)})
}

// stages gives the verdict over each stage.
func stages(d Decision) [3]StageVerdict {
	v := d.Plan.Verdict.Stages
	return [3]StageVerdict{v[StageProtect], v[StageRename], v[StageRemove]}
}

func TestApprovalOfBlockedActions(t *testing.T) {
	blocked := func() *scene {
		s := newScene()
		s.crowd(8)
		s.staff().Policy.Limits[ActDelete] = Limit{Count: 2}
		for i := range 3 {
			s.overdue(person2(i))
		}
		return s
	}
	items := blocked().decide().Blocked
	if len(items) != 3 {
		t.Fatalf("blocked: %+v", items)
	}
	for _, c := range []struct {
		name string
		set  func(*scene)
		want StageVerdict
	}{
		{"the same set passes", func(s *scene) { s.approve(items, "eve") }, StageApproved},
		{"a part of it passes", func(s *scene) { s.approve(items, "eve"); s.joins("p00", "p00") }, StageApproved},
		{"one more than approved counts against the limit alone", func(s *scene) { s.approve(items, "eve"); s.overdue("p03") }, StageApproved},
		{"three more than approved do not pass", func(s *scene) {
			s.approve(items, "eve")
			s.overdue("p03")
			s.overdue("p04")
			s.overdue("p05")
		}, StageBlocked},
		{"a part of the items is not enough under a limit of zero", func(s *scene) {
			s.staff().Policy.Limits[ActDelete] = Limit{}
			s.approve(items[:2], "eve")
		}, StageBlocked},
		{"another account of the same person is not covered", func(s *scene) {
			s.approve(items, "eve")
			s.staff().Policy.Limits[ActDelete] = Limit{}
			s.boxes["p00"].ID, s.people["p00"].Link.Account = "OTHER", "OTHER"
		}, StageBlocked},
		{"expired", func(s *scene) { s.approve(items, "eve"); s.f.Approvals[0].Expires = noon }, StageBlocked},
		{"by nobody", func(s *scene) { s.approve(items) }, StageBlocked},
		{"by too few", func(s *scene) { s.staff().Policy.Approvals = 2; s.approve(items, "eve") }, StageBlocked},
		{"by one under two spellings", func(s *scene) { s.staff().Policy.Approvals = 2; s.approve(items, "Ada Lovelace", "ada  LOVELACE") }, StageBlocked},
		{"by two on two approvals of it", func(s *scene) {
			s.staff().Policy.Approvals = 2
			s.approve(items, "eve")
			s.approve(items, "zoe")
		}, StageBlocked},
		{"by two", func(s *scene) { s.staff().Policy.Approvals = 2; s.approve(items, "eve", "zoe") }, StageApproved},
		{"what cannot be approved blocks all the same", func(s *scene) { s.approve(items, "eve"); s.f.ServerChanged = "other" }, StageBlocked},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := blocked()
			c.set(s)
			d := s.decide()
			if got := d.Plan.Verdict.Stages[StageRemove]; got != c.want {
				t.Errorf("stage remove is %s, want %s: %v", got, c.want, show(d))
			}
			if ok := d.Allowed["staff"][StageRemove]; ok != (c.want != StageBlocked) {
				t.Errorf("allowed is %v", ok)
			}
		})
	}
}

func TestApprovalOfAbsences(t *testing.T) {
	blown := func() *scene {
		s := newScene()
		s.crowd(5)
		s.leaves("p00", "p01")
		s.staff().Fingerprint = "other"
		return s
	}
	d := blown().decide()
	want := []ApprovedItem{
		{Kind: "delete-later", Source: "staff", StableID: "p00", Account: "P00", From: at("p00"), To: "48h0m0s"},
		{Kind: "delete-later", Source: "staff", StableID: "p01", Account: "P01", From: at("p01"), To: "48h0m0s"},
		{Kind: "miss", Source: "staff", StableID: "p00", Account: "P00", From: at("p00")},
		{Kind: "miss", Source: "staff", StableID: "p01", Account: "P01", From: at("p01")},
	}
	if diff := cmp.Diff(want, d.Blocked); diff != "" {
		t.Fatalf("blocked (-want +got):\n%s", diff)
	}
	s := blown()
	s.approve(want, "eve")
	d = s.decide()
	if len(blocks(d)) > 0 || rowOf(t, d, "p00").Miss.Reads != 1 || d.Sources[0].Fingerprint != "other" {
		t.Errorf("not accepted: %v %+v", blocks(d), d.Sources)
	}
	s.leaves("p02")
	if d = s.decide(); len(blocks(d)) != 1 || len(d.Plan.Unconfirmed) != 3 {
		t.Errorf("one more than approved passes: %v", show(d))
	}
}

func TestAnApprovedDropSetsTheNewBaseline(t *testing.T) {
	s := newScene()
	s.crowd(20)
	s.staff().Policy.MaxDrop = 0.1
	s.staff().State.Largest = map[string]int{"2026-02-20": 20}
	s.leaves("p00", "p01", "p02")
	s.approve(s.decide().Blocked, "eve")
	d := s.decide()
	if len(blocks(d)) != 0 {
		t.Fatalf("blocked by %v", blocks(d))
	}
	if diff := cmp.Diff(map[string]int{"2026-03-01": 17}, d.Sources[0].Largest); diff != "" {
		t.Errorf("largest (-want +got):\n%s", diff)
	}
	s.record(d)
	s.f.Approvals, s.f.Now = nil, noon.Add(2*time.Hour)
	if d = s.decide(); len(blocks(d)) != 0 {
		t.Errorf("blocked again by %v", blocks(d))
	}
}

func TestAnnouncedChangeOfDomain(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*scene)
		want StageVerdict
	}{
		{"not announced", func(*scene) {}, StageBlocked},
		{"announced", func(s *scene) { s.announce(3) }, StageApproved},
		{"for fewer", func(s *scene) { s.announce(2) }, StageBlocked},
		{"some were made already", func(s *scene) {
			s.announce(3)
			s.f.Recent = []PastAction{{Kind: ActRename, Source: "staff", Domain: "example.org", At: noon.Add(-time.Minute)}}
		}, StageBlocked},
		{"some were made before it was announced", func(s *scene) {
			s.announce(3)
			s.f.Recent = []PastAction{{Kind: ActRename, Source: "staff", Domain: "example.org", At: noon.Add(-90 * time.Minute)}}
		}, StageApproved},
		{"expired", func(s *scene) { s.announce(3); s.f.Approvals[0].Expires = noon }, StageBlocked},
		{"by too few", func(s *scene) { s.announce(3); s.staff().Policy.Approvals = 2 }, StageBlocked},
		{"the other way round", func(s *scene) {
			s.announce(3)
			s.f.Approvals[0].RenameFrom, s.f.Approvals[0].RenameTo = "example.net", "example.org"
		}, StageBlocked},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene()
			s.f.Rules.Domains = map[string]string{"example.org": "example.org", "example.net": "example.net"}
			s.crowd(5)
			s.staff().Policy.Limits[ActRename] = Limit{}
			for i := range 3 {
				s.renamed(person2(i), person2(i)+"@example.net")
			}
			c.set(s)
			if got := s.decide().Plan.Verdict.Stages[StageRename]; got != c.want {
				t.Errorf("stage rename is %s, want %s", got, c.want)
			}
		})
	}
}

func (s *scene) announce(n int) {
	s.f.Approvals = []Approval{{
		By: []string{"eve"}, Created: lastRead, Expires: noon.Add(time.Hour),
		RenameFrom: "example.org", RenameTo: "Example.NET", Max: n,
	}}
}

func TestABlockStopsNoEarlierStage(t *testing.T) {
	s := newScene()
	s.crowd(9)
	s.missed("p00", 1, 0)
	s.joins("new", "p00")
	s.renamed("p01", "x1")
	s.overdue("p02")
	s.staff().Policy.Limits[ActDelete] = Limit{}
	if got, want := stages(s.decide()), [3]StageVerdict{StageOK, StageOK, StageBlocked}; got != want {
		t.Errorf("stages: %v, want %v", got, want)
	}
	s.staff().Policy.Limits[ActRename] = Limit{}
	if got, want := stages(s.decide()), [3]StageVerdict{StageOK, StageBlocked, StageBlocked}; got != want {
		t.Errorf("stages: %v, want %v", got, want)
	}
}

func TestOneSourceDoesNotBlockTheOther(t *testing.T) {
	s := newScene()
	s.source("other")
	s.has("ann")
	s.hasIn("other", "bob")
	s.leaves("ann")
	s.has("cid")
	s.renamed("bob", "eve")
	s.staff().Policy.Limits[ActRename] = Limit{}
	s.renamed("cid", "dan")
	d := s.decide()
	if d.Allowed["staff"][StageRename] || !d.Allowed["other"][StageRename] {
		t.Errorf("allowed: %v", d.Allowed)
	}
}

func TestTheApprovalOfAMixedDeleteIsOffered(t *testing.T) {
	s := newScene()
	s.has("ann")
	s.overdue("ann")
	s.people["ann"].Mixed = true
	s.has("bob")
	d := s.decide()
	before := d.Plan.Hash
	s.approve(d.Blocked, "eve")
	d = s.decide()
	if diff := cmp.Diff([]string{"delete ANN ann", "missing ann 9"}, show(d)); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
	s.f.Approvals, s.people["ann"].Mixed = nil, false
	s.leaves("ann")
	s.people["ann"].Miss.Reads = 1
	if s.decide().Plan.Hash == before {
		t.Error("the hash of the plan does not tell whether an approval of it covers the delete")
	}
}

// Somebody who leaves after the approval of a drop is ordinary life; as many
// as would block by themselves are not.
func TestLeaversAfterAnApprovedDrop(t *testing.T) {
	dropped := func(more ...string) Decision {
		s := newScene()
		s.crowd(20)
		s.staff().Policy.MaxDrop = 0.1
		s.staff().State.Largest = map[string]int{"2026-02-20": 20}
		s.leaves("p00", "p01", "p02")
		s.approve(s.decide().Blocked, "eve")
		s.leaves(more...)
		return s.decide()
	}
	if d := dropped("p03", "p04"); len(blocks(d)) != 0 {
		t.Errorf("two more are blocked by %v", blocks(d))
	}
	if d := dropped("p03", "p04", "p05"); len(blocks(d)) != 1 || len(d.Plan.Unconfirmed) != 6 {
		t.Errorf("three more pass: %v", show(d))
	}
}

func TestAnApprovalByTooFewPersonsIsTold(t *testing.T) {
	s := newScene()
	s.crowd(8)
	s.staff().Policy.Limits[ActDelete] = Limit{Count: 2}
	s.staff().Policy.Approvals = 3
	for i := range 3 {
		s.overdue(person2(i))
	}
	items := s.decide().Blocked
	told := func() (out []string) {
		for _, n := range s.decide().Plan.Notices {
			if n.Code == NoticeApprovalUnfinished {
				out = append(out, n.Message)
			}
		}
		return out
	}
	if got := told(); got != nil {
		t.Errorf("told without an approval: %q", got)
	}
	s.approve(items, "zoe", "eve")
	s.f.Approvals[0].Plan = "sha256:1"
	s.f.Approvals = append(s.f.Approvals, Approval{RenameFrom: "old", RenameTo: "new", Max: 3, By: []string{"eve"}, Expires: noon.Add(time.Hour)})
	want := []string{
		"plan sha256:1 is approved by 2 of 3 persons (eve, zoe); 1 more must approve it before 2026-03-01 13:00 UTC",
		"the change of domain from old to new is approved by 1 of 3 persons (eve); 2 more must approve it before 2026-03-01 13:00 UTC",
	}
	if diff := cmp.Diff(want, told()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	s.f.Approvals[0].By = append(s.f.Approvals[0].By, "ada")
	if diff := cmp.Diff(want[1:], told()); diff != "" {
		t.Errorf("told after the third (-want +got):\n%s", diff)
	}
}
