package reconcile_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

func TestTwin(t *testing.T) {
	renamed := func(change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve", "info")
			s.box("eve", "eve", lastRead.Add(time.Minute), "info")
			change(s)
		}
	}
	runTable(t, []row{
		{
			"younger: moved aside without addresses, then looked into", renamed(func(*scene) {}),
			[]string{"rename EVE eve>syncagent-aside-EVE [info]>[]", "rename ANN ann>eve []>[info]", "destroy-twin EVE syncagent-aside-EVE"},
		},
		{"older: moved aside and closed, never looked into", renamed(func(s *scene) {
			s.box("eve", "eve", lastRead.Add(-time.Minute))
		}), []string{"park EVE eve>syncagent-parked-EVE", "rename ANN ann>eve []>[info]"}},
		{"listed before the old name was last seen", renamed(func(s *scene) {
			s.boxes["eve"].FirstListed = lastRead.Add(-time.Hour)
			s.boxes["eve"].Addresses = nil
		}), []string{"park EVE eve>syncagent-parked-EVE", "rename ANN ann>eve []>[info]"}},
		{"older, name_reuse is hold", renamed(func(s *scene) {
			s.staff().Policy.Park = false
			s.box("eve", "eve", longAgo)
		}), []string{"hold name-reused ann"}},
		{
			"policy.twin is hold", renamed(func(s *scene) { s.staff().Policy.Twin = TwinHold }),
			[]string{"hold address-taken ann", "hold twin-held ann"},
		},
		{"without the right to look inside it stays aside", renamed(func(s *scene) {
			s.f.Can.Look = false
			s.boxes["eve"].Addresses = nil
		}), []string{"rename EVE eve>syncagent-aside-EVE", "rename ANN ann>eve []>[info]"}},
		{"policy.twin is merge: its mail goes into the account that has the name then", renamed(func(s *scene) {
			s.staff().Policy.Twin = TwinMerge
			s.boxes["eve"].Addresses = nil
		}), []string{"rename EVE eve>syncagent-aside-EVE", "rename ANN ann>eve []>[info]", "destroy-twin EVE syncagent-aside-EVE>eve"}},
		{"merge on a server that cannot: the plan says so, and the rename goes on", renamed(func(s *scene) {
			s.staff().Policy.Twin, s.f.Can.NoMerge = TwinMerge, "too old"
			s.boxes["eve"].Addresses = nil
		}), []string{
			"rename EVE eve>syncagent-aside-EVE", "rename ANN ann>eve []>[info]", "destroy-twin EVE syncagent-aside-EVE",
			"hold twin-merge-unsupported ann",
		}},
		{"merge without the right to look inside", renamed(func(s *scene) {
			s.staff().Policy.Twin, s.f.Can.Look = TwinMerge, false
			s.boxes["eve"].Addresses = nil
		}), []string{"rename EVE eve>syncagent-aside-EVE", "rename ANN ann>eve []>[info]", "hold twin-merge-unsupported ann"}},
		{"an administrator's account is no twin", renamed(func(s *scene) {
			s.boxes["eve"].Kind, s.boxes["eve"].Addresses = KindAdmin, nil
		}), []string{"hold name-taken ann"}},
		{"two of them, in a chain", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.renamed("ann", "eve")
			s.renamed("bob", "zoe")
			s.box("eve", "eve", noon)
			s.box("zoe", "zoe", noon)
		}, []string{
			"rename EVE eve>syncagent-aside-EVE", "rename ANN ann>eve",
			"rename ZOE zoe>syncagent-aside-ZOE", "rename BOB bob>zoe",
			"destroy-twin EVE syncagent-aside-EVE", "destroy-twin ZOE syncagent-aside-ZOE",
		}},
		{"at the end of a chain", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.renamed("ann", "bob")
			s.renamed("bob", "zoe")
			s.box("zoe", "zoe", noon)
		}, []string{"rename ZOE zoe>syncagent-aside-ZOE", "rename BOB bob>zoe", "rename ANN ann>bob", "destroy-twin ZOE syncagent-aside-ZOE"}},
		{"an account that has the new name as an address only is not moved", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			s.box("old", "old", noon, "eve")
		}, []string{"hold address-taken ann"}},
		{"an account of a listed alias's name is not moved", func(s *scene) {
			s.has("ann")
			s.lists("ann", "info")
			s.box("info", "info", noon)
		}, []string{"hold address-taken ann"}},
	})
}

func TestTwinOfARenameThatHadToWait(t *testing.T) {
	s := newScene()
	s.has("ann")
	s.renamed("ann", "eve")
	s.staff().Policy.Rename = false
	d := s.decide()
	*s.people["ann"] = rowOf(t, d, "ann")
	s.box("eve", "eve", noon.Add(time.Minute)) // the person logs in under the new name
	s.staff().State.LastComplete = noon.Add(30 * time.Minute)
	s.staff().Policy.Rename = true
	s.f.Now = noon.Add(time.Hour)
	want := []string{"rename EVE eve>syncagent-aside-EVE", "rename ANN ann>eve", "destroy-twin EVE syncagent-aside-EVE"}
	if diff := cmp.Diff(want, show(s.decide())); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
}

func TestTwinAndItsRenameAreOneGroup(t *testing.T) {
	s := newScene()
	s.has("ann")
	s.renamed("ann", "eve")
	s.box("eve", "eve", noon)
	a := s.decide().Plan.Actions
	if len(a) != 3 || a[0].Group == 0 || a[0].Group != a[1].Group || a[2].Group != 0 {
		t.Errorf("groups: %+v", a)
	}
	if diff := cmp.Diff([]int{1}, a[2].After); diff != "" {
		t.Errorf("the destroy waits for: %s", diff)
	}
}
