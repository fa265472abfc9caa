package reconcile_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

// busy is a scene in which nearly everything happens at once.
func busy() *scene {
	s := newScene()
	s.source("other").Policy.MinEntries = 50
	s.hasIn("other", "odd")
	s.crowd(12)
	s.staff().Policy.Limits[ActDelete] = Limit{}
	s.staff().Policy.SuspendDisabled = true
	s.renamed("p00", "p01")
	s.renamed("p01", "p00")
	s.renamed("p02", "eve")
	s.box("eve", "eve", noon.Add(-time.Minute))
	s.overdue("p03")
	s.leaves("p04")
	s.missed("p05", 1, 0)
	s.joins("new", "p05")
	s.entries["p06"].Enabled = EnabledNo
	s.entries["p07"].Kind = KindUnknown
	s.renamed("p08", "p08@example.com")
	s.joins("twice", "p09")
	return s
}

func TestTwoDryRunsGiveTheSameBytes(t *testing.T) {
	text := func(after time.Duration) string {
		s := busy()
		s.f.Now = s.f.Now.Add(after)
		out, err := json.MarshalIndent(s.decide().Plan, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	first := text(0)
	for _, after := range []time.Duration{0, time.Second, 7 * time.Minute} {
		if diff := cmp.Diff(first, text(after)); diff != "" {
			t.Errorf("a dry run %s later differs:\n%s", after, diff)
		}
	}
}

func TestDecideChangesNothingOfItsFacts(t *testing.T) {
	s := busy()
	f := s.facts()
	before, err := json.Marshal([]any{f.Principals, f.Accounts, f.Sources})
	if err != nil {
		t.Fatal(err)
	}
	checkExplained(t, Decide(f))
	after, err := json.Marshal([]any{f.Principals, f.Accounts, f.Sources})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(before), string(after)); diff != "" {
		t.Errorf("the facts changed:\n%s", diff)
	}
}

func TestUnchangedWorldNeedsNothing(t *testing.T) {
	s := newScene()
	s.crowd(5)
	d := s.decide()
	if len(d.Plan.Actions)+len(d.Plan.Holds)+len(d.Plan.Notices)+len(d.Record.Principals)+len(d.Record.Tombstones)+len(d.Detected) != 0 || d.Plan.Verdict.Blocked {
		t.Errorf("decision: %+v", d)
	}
	want := Counts{Known: 5, Unchanged: 5}
	if diff := cmp.Diff(want, d.Plan.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if w := Needs(Facts{Sources: s.facts().Sources}, NewAsked()); !w.Empty() {
		t.Errorf("wanted: %+v", w)
	}
}

// TestTheHashOfAPlan tells plans apart by what they do, not by what they say.
func TestTheHashOfAPlan(t *testing.T) {
	plan := func(change func(*scene)) string {
		s := newScene()
		s.crowd(3)
		s.renamed("p00", "eve")
		change(s)
		return s.decide().Plan.Hash
	}
	base := plan(func(*scene) {})
	for name, change := range map[string]func(*scene){
		"another moment": func(s *scene) { s.f.Now = noon.Add(time.Second) },
		"a hold more":    func(s *scene) { s.entries["p01"].Kind = KindUnknown },
		"a miss more":    func(s *scene) { s.leaves("p01") },
	} {
		if plan(change) != base {
			t.Errorf("%s changes the hash", name)
		}
	}
	for name, change := range map[string]func(*scene){
		"another name":      func(s *scene) { s.renamed("p00", "zoe") },
		"another address":   func(s *scene) { s.renamed("p00", "eve", "info") },
		"another rename":    func(s *scene) { s.renamed("p01", "zoe") },
		"another server":    func(s *scene) { s.f.Server.Fingerprint = "other" },
		"another config":    func(s *scene) { s.staff().Fingerprint = "other" },
		"a precondition":    func(s *scene) { s.boxes["p00"].Addresses = ats([]string{"x"}) },
		"an account's time": func(s *scene) { s.boxes["p00"].Created, s.people["p00"].Link.Created = noon, noon },
	} {
		if plan(change) == base {
			t.Errorf("%s does not change the hash", name)
		}
	}
}
