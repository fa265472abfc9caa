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
		}), []string{"rename EVE eve>syncagent-aside-EVE", "rename ANN ann>eve []>[info]", "hold twin-unproven ann"}},
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

// TestTwinThatStaysAside: it is looked into again once something changed, under
// the same guards as at first.
func TestTwinThatStaysAside(t *testing.T) {
	kept := func(change func(*scene, *KeptTwin)) func(*scene) {
		return func(s *scene) {
			s.crowd(4)
			s.has("ann")
			s.box("old", "syncagent-aside-OLD", longAgo)
			twin := KeptTwin{Source: "staff", StableID: "ann", Account: *s.boxes["old"], Into: at("ann"), Changed: true}
			change(s, &twin)
			s.f.KeptTwins = []KeptTwin{twin}
		}
	}
	again := []string{"destroy-twin OLD syncagent-aside-OLD"}
	runTable(t, []row{
		{"something changed", kept(func(*scene, *KeptTwin) {}), again},
		{"nothing changed", kept(func(_ *scene, k *KeptTwin) { k.Changed = false }), nil},
		{"to be merged", kept(func(s *scene, _ *KeptTwin) { s.staff().Policy.Twin = TwinMerge }), []string{"destroy-twin OLD syncagent-aside-OLD>ann"}},
		{"to be merged on a server that cannot: if it is empty", kept(func(s *scene, _ *KeptTwin) {
			s.staff().Policy.Twin, s.f.Can.NoMerge = TwinMerge, "too old"
		}), again},
		{"to be merged, and nobody to merge it with: if it is empty", kept(func(s *scene, k *KeptTwin) {
			s.staff().Policy.Twin, k.Into = TwinMerge, ""
		}), again},
		{"policy.twin is hold now", kept(func(s *scene, _ *KeptTwin) { s.staff().Policy.Twin = TwinHold }), nil},
		{"without the right to look inside", kept(func(s *scene, _ *KeptTwin) { s.f.Can.Look = false }), nil},
		{"it is somebody's account by now", kept(func(s *scene, _ *KeptTwin) {
			s.people["ann"].Link.Account, s.people["ann"].Link.Name = "OLD", at("syncagent-aside-OLD")
			s.people["ann"].Link.Created = longAgo
			s.staff().Policy.Rename = false
		}), nil},
		{"it is an administrator's by now", kept(func(_ *scene, k *KeptTwin) { k.Account.Kind = KindAdmin }), nil},
		{"it is ours", kept(func(s *scene, _ *KeptTwin) { s.f.Self = "OLD" }), nil},
		{"under the limit", kept(func(s *scene, _ *KeptTwin) { s.staff().Policy.Limits[ActDestroyTwin] = Limit{} }), []string{
			"destroy-twin OLD syncagent-aside-OLD blocked", "block limit-twin rename", "block limit-twin rename", "block limit-twin-week rename", "block limit-twin-week rename",
		}},
		{"the source is not configured any more", kept(func(_ *scene, k *KeptTwin) { k.Source = "former" }), nil},
		{"the source cannot be used", kept(func(s *scene, _ *KeptTwin) { s.staff().Evidence.Complete = false }), []string{"block incomplete remove"}},
	})
}
