package reconcile_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

func TestChainsAndCycles(t *testing.T) {
	runTable(t, []row{
		{"a chain of four begins at the free end", func(s *scene) {
			for _, id := range []string{"ann", "bob", "cid", "dan"} {
				s.has(id)
			}
			s.renamed("ann", "bob")
			s.renamed("bob", "cid")
			s.renamed("cid", "dan")
			s.renamed("dan", "eve")
		}, []string{"rename DAN dan>eve", "rename CID cid>dan", "rename BOB bob>cid", "rename ANN ann>bob"}},
		{"a swap goes through a temporary name", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.renamed("ann", "bob")
			s.renamed("bob", "ann")
		}, []string{"rename ANN ann>bob via", "rename BOB bob>ann"}},
		{"a swap of names and aliases", func(s *scene) {
			s.has("ann", "a1")
			s.has("bob", "b1")
			s.renamed("ann", "bob", "b1")
			s.renamed("bob", "ann", "a1")
		}, []string{"rename ANN ann>bob [a1]>[] via", "rename BOB bob>ann [b1]>[]"}},
		{"a circle of three with addresses", func(s *scene) {
			s.has("ann", "a1")
			s.has("bob", "b1")
			s.has("cid")
			s.renamed("ann", "bob", "a1")
			s.renamed("bob", "cid", "b1", "b2")
			s.renamed("cid", "ann")
		}, []string{"rename ANN ann>bob via", "rename CID cid>ann", "rename BOB bob>cid [b1]>[b1 b2]"}},
		{"two circles", func(s *scene) {
			for _, id := range []string{"ann", "bob", "cid", "dan"} {
				s.has(id)
			}
			s.renamed("ann", "bob")
			s.renamed("bob", "ann")
			s.renamed("cid", "dan")
			s.renamed("dan", "cid")
		}, []string{"rename ANN ann>bob via", "rename BOB bob>ann", "rename CID cid>dan via", "rename DAN dan>cid"}},
		{"a circle and a chain", func(s *scene) {
			for _, id := range []string{"ann", "bob", "cid", "dan"} {
				s.has(id)
			}
			s.renamed("ann", "bob")
			s.renamed("bob", "ann")
			s.renamed("cid", "dan")
			s.renamed("dan", "eve")
		}, []string{"rename ANN ann>bob via", "rename BOB bob>ann", "rename DAN dan>eve", "rename CID cid>dan"}},
		{"a chain whose last rename is held: its holder is isolated", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.renamed("ann", "bob")
			s.renamed("bob", "bob@example.com")
		}, []string{"park BOB bob>syncagent-parked-BOB", "rename ANN ann>bob", "hold domain-unknown bob"}},
		{"a circle of which one is protected moves nobody", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.staff().Policy.Protect = []string{"bob@example.org"}
			s.renamed("ann", "bob")
			s.renamed("bob", "ann")
		}, []string{"hold protected ann", "hold protected bob"}},
	})
}

func TestIdentityWritesOfACycle(t *testing.T) {
	s := newScene()
	s.has("ann", "a1")
	s.has("bob")
	s.renamed("ann", "bob", "a1")
	s.renamed("bob", "ann")
	want := []IdentityWrite{
		{Account: "ANN", Name: at("syncagent-tmp-ANN")},
		{Account: "BOB", Name: at("ann"), Addresses: []string{}},
		{Account: "ANN", Name: at("bob"), Addresses: ats([]string{"a1"})},
	}
	if diff := cmp.Diff(want, IdentityWritesOf(s.decide().Plan.Actions)); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}

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

func TestTakenNames(t *testing.T) {
	runTable(t, []row{
		{"both entries claim the name", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.renamed("ann", "bob")
		}, []string{"hold name-conflict ann"}},
		{"the other one lists it as an address", func(s *scene) {
			s.has("ann")
			s.has("bob", "info")
			s.renamed("ann", "info")
		}, []string{"hold address-conflict ann"}},
		{"the holder left the name, its rename is only reported", func(s *scene) {
			s.source("other").Policy.Rename = false
			s.hasIn("other", "bob")
			s.has("ann")
			s.renamed("bob", "zoe")
			s.renamed("ann", "bob")
		}, []string{"park BOB bob>syncagent-parked-BOB", "rename ANN ann>bob", "hold rename-reported bob"}},
		{"the same where name_reuse is hold", func(s *scene) {
			s.source("other").Policy = Policy{AddressesMapped: true}
			s.hasIn("other", "bob")
			s.has("ann")
			s.renamed("bob", "zoe")
			s.renamed("ann", "bob")
		}, []string{"hold rename-reported bob", "hold name-reused ann"}},
		{"the holder left the name, which another one lists as an alias", func(s *scene) {
			s.staff().Evidence.IDReusable = true
			s.has("ann")
			s.has("bob")
			s.renamed("bob", "zoe")
			s.lists("ann", "bob")
		}, []string{"hold address-taken ann", "hold rename-unproven bob"}},
		{"the holder's source cannot be used", func(s *scene) {
			other := s.source("other")
			s.hasIn("other", "bob")
			s.leaves("bob")
			other.Evidence.Complete = false
			s.has("ann")
			s.renamed("ann", "bob")
		}, []string{"hold name-conflict ann", "block incomplete remove"}},
		{"the holder's source is empty", func(s *scene) {
			s.source("other")
			s.hasIn("other", "bob")
			s.leaves("bob")
			s.joins("new", "bob")
		}, []string{"hold name-conflict new", "block empty remove"}},
		{"the holder's source is not configured any more", func(s *scene) {
			s.source("other")
			s.hasIn("other", "bob")
			s.leaves("bob")
			delete(s.sources, "other")
			s.joins("new", "bob")
		}, []string{"hold source-gone ", "hold name-conflict new"}},
		{"whoever left is parked, and the rename is made in the same run", func(s *scene) {
			s.has("ann")
			s.has("bob", "info")
			s.leaves("bob")
			s.renamed("ann", "bob", "info")
		}, []string{"park BOB bob>syncagent-parked-BOB [info]>[]", "rename ANN ann>bob", "missing bob 0"}},
	})
}

func TestNameReused(t *testing.T) {
	gone := func(change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.has("ann", "info")
			s.entries["ann"].SamePerson = []string{"7"}
			s.learn("ann")
			s.missed("ann", 1, 0)
			s.joins("new", "ann")
			s.entries["new"].SamePerson = []string{"8"}
			change(s)
		}
	}
	runTable(t, []row{
		{"parked", gone(func(*scene) {}), []string{"park ANN ann>syncagent-parked-ANN [info]>[]", "missing ann 1"}},
		{
			"parked where nothing is mapped", gone(func(s *scene) { s.entries["new"].SamePerson = nil }),
			[]string{"park ANN ann>syncagent-parked-ANN [info]>[]", "missing ann 1"},
		},
		{"held", gone(func(s *scene) { s.staff().Policy.Park = false }), []string{"hold name-reused new", "missing ann 1"}},
		{
			"a relink is proposed", gone(func(s *scene) { s.entries["new"].SamePerson = []string{"7"} }),
			[]string{"hold relink-proposed new", "missing ann 1"},
		},
		{"two empty values are no proof", gone(func(s *scene) {
			s.people["ann"].SamePerson, s.entries["new"].SamePerson = []Hash{{}}, []string{""}
		}), []string{"park ANN ann>syncagent-parked-ANN [info]>[]", "missing ann 1"}},
		{"no relink to whoever lived at the same time", func(s *scene) {
			gone(func(*scene) {})(s)
			s.joins("old", "ann")
			s.entries["old"].SamePerson = []string{"7"}
			s.knowsUnbound("staff", "old")
			s.leaves("new")
		}, []string{"park ANN ann>syncagent-parked-ANN [info]>[]", "missing ann 1"}},
		{"by a living person that is renamed", func(s *scene) {
			s.has("bob")
			s.has("ann")
			s.missed("ann", 1, 0)
			s.renamed("bob", "ann")
		}, []string{"park ANN ann>syncagent-parked-ANN", "rename BOB bob>ann", "missing ann 1"}},
		{
			"the account is protected", gone(func(s *scene) { s.staff().Policy.Protect = []string{"ann"} }),
			[]string{"hold name-taken new", "missing ann 1"},
		},
	})
}

func TestParkIsRemembered(t *testing.T) {
	s := newScene()
	s.has("ann", "info")
	s.boxes["ann"].Access = `{"@type":"Inherit"}`
	s.missed("ann", 1, 0)
	s.joins("new", "ann")
	d := s.decide()
	p := rowOf(t, d, "ann")
	if p.Access != AccessParked || !p.Mixed || p.Before == nil || p.Before.Name != at("ann") || p.Before.Access == "" || p.Link.Name != at("syncagent-parked-ANN") {
		t.Errorf("row: %+v", p)
	}
	if graves := d.Effects[1].Tombstones; len(graves) != 2 || graves[0].Text != at("ann") || graves[1].Text != "" {
		t.Errorf("tombstones: %+v", graves)
	}
}

func TestAddresses(t *testing.T) {
	runTable(t, []row{
		{"from one living person to another", func(s *scene) {
			s.has("ann", "info")
			s.has("bob")
			s.lists("ann")
			s.lists("bob", "info")
		}, []string{"release ANN ann [info]>[]"}},
		{"an administrator's address is not taken away", func(s *scene) {
			s.has("ann")
			s.boxes["ann"].Addresses = ats([]string{"info"})
			s.has("bob")
			s.lists("bob", "info")
		}, []string{"hold address-taken bob"}},
		{"without mapped addresses nothing is proven", func(s *scene) {
			s.source("other").Policy.AddressesMapped = false
			s.hasIn("other", "ann")
			s.boxes["ann"].Addresses = ats([]string{"info"})
			s.has("bob")
			s.lists("bob", "info")
		}, []string{"hold address-unproven bob"}},
		{"an alias of a missing person", func(s *scene) {
			s.has("ann", "info")
			s.missed("ann", 1, 0)
			s.has("bob")
			s.lists("bob", "info")
		}, []string{"release ANN ann [info]>[]", "missing ann 1"}},
		{"the name of a missing person as an alias", func(s *scene) {
			s.has("ann")
			s.missed("ann", 1, 0)
			s.has("bob")
			s.lists("bob", "ann")
		}, []string{"park ANN ann>syncagent-parked-ANN", "missing ann 1"}},
		{"an alias of a missing person as the name of a new one", func(s *scene) {
			s.has("ann", "info")
			s.missed("ann", 1, 0)
			s.joins("new", "info")
		}, []string{"release ANN ann [info]>[]", "missing ann 1"}},
		{"two living entries list it", func(s *scene) {
			s.has("ann", "info")
			s.has("bob")
			s.lists("bob", "info")
		}, []string{"hold address-conflict bob"}},
		{"an account without an owner has it", func(s *scene) {
			s.box("old", "old", longAgo, "info")
			s.has("bob")
			s.lists("bob", "info")
		}, []string{"hold address-taken bob"}},
		{"a protected person's new address is not fetched", func(s *scene) {
			s.has("ann", "info")
			s.missed("ann", 1, 0)
			s.has("bob")
			s.staff().Policy.Protect = []string{"bob"}
			s.lists("bob", "info")
		}, []string{"missing ann 1"}},
		{"an address in a domain that the server lacks", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve", "eve@example.com")
		}, []string{"rename ANN ann>eve"}},
		{"dropped in one read: only counted", func(s *scene) {
			s.has("ann", "info")
			s.lists("ann")
		}, nil},
		{"dropped in two counted reads", func(s *scene) {
			s.has("ann", "info", "own")
			s.lists("ann", "own")
			s.learn("ann")
			s.people["ann"].Dropped = []AddressDrop{{Address: keyOf(at("info")), Reads: 1, Last: lastRead}}
		}, []string{"release ANN ann [info own]>[own]"}},
		{"the second read comes too soon", func(s *scene) {
			s.has("ann", "info")
			s.lists("ann")
			s.learn("ann")
			s.staff().State.LastCounted = noon.Add(-time.Minute)
			s.people["ann"].Dropped = []AddressDrop{{Address: keyOf(at("info")), Reads: 1, Last: noon.Add(-time.Minute)}}
		}, nil},
		{"listed again", func(s *scene) {
			s.has("ann", "info")
			s.people["ann"].Dropped = []AddressDrop{{Address: keyOf(at("info")), Reads: 1, Last: lastRead}}
		}, nil},
		{"dropped by a protected person", func(s *scene) {
			s.has("ann", "info", "own")
			s.lists("ann", "own")
			s.learn("ann")
			s.staff().Policy.Protect = []string{"ann"}
			s.people["ann"].Dropped = []AddressDrop{{Address: keyOf(at("info")), Reads: 1, Last: lastRead}}
		}, []string{"hold protected ann"}},
		{"dropped by somebody whose login is disabled: access is cut first", func(s *scene) {
			s.staff().Policy.SuspendDisabled = true
			s.has("ann", "info", "own")
			s.lists("ann", "own")
			s.learn("ann")
			s.entries["ann"].Enabled = EnabledNo
			s.people["ann"].Dropped = []AddressDrop{{Address: keyOf(at("info")), Reads: 1, Last: lastRead}}
		}, []string{"suspend ANN ann"}},
	})
}
