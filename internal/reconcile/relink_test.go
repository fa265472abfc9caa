package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

// orderRow is a situation, what a person orders in it, and what comes of it.
type orderRow struct {
	name  string
	set   func(s *scene)
	order func(f Facts) Decision
	want  []string
}

func runOrders(t *testing.T, rows []orderRow) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s := newScene()
			r.set(s)
			for _, p := range s.people {
				p.Entry = Hash{} // an order looks at every entry
			}
			f := s.facts()
			d := r.order(f)
			f.Rechecks = map[PrincipalRef]Recheck{}
			for _, ref := range d.WantRechecks {
				if answer, ok := s.recheck(ref); ok {
					f.Rechecks[ref] = answer
				}
			}
			d = r.order(f)
			if diff := cmp.Diff(r.want, show(d)); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
				for _, h := range d.Plan.Holds {
					t.Logf("hold %s: %s", h.Code, h.Message)
				}
			}
			if len(d.Record.Principals) > 0 || len(d.Detected) > 0 {
				t.Error("an order records what the directory changed")
			}
			checkExplained(t, d)
		})
	}
}

func byName(f Facts) Decision { return DecideRelink(f, RelinkByName) }
func byAttr(f Facts) Decision { return DecideRelink(f, RelinkByAttribute) }

func only(names ...string) func(Facts) Decision {
	return func(f Facts) Decision { return DecideRelink(f, RelinkByName, names...) }
}

// reborn lets a person vanish and come back under another ID.
func (s *scene) reborn(id, newID, name string, same ...string) {
	s.leaves(id)
	s.people[id].LastSeen = lastRead
	s.joins(newID, name)
	s.entries[newID].SamePerson = same
}

func (s *scene) person(id string, same ...string) {
	s.has(id)
	s.entries[id].SamePerson = same
	s.learn(id)
	s.staff().Policy.SamePersonMapped = true
}

func TestRelinkIDs(t *testing.T) {
	t.Parallel()
	runOrders(t, []orderRow{
		{"same name, new ID", func(s *scene) { s.has("ann"); s.reborn("ann", "ann2", "ann") }, byName, []string{"relink ANN ann"}},
		{"somebody else is left alone", func(s *scene) { s.has("ann"); s.reborn("ann", "ann2", "ann") }, only("bob"), []string{}},
		{"another name is no proof", func(s *scene) { s.has("ann"); s.reborn("ann", "ann2", "eve") }, byName, []string{}},
		{"two entries have the name", func(s *scene) {
			s.has("ann")
			s.reborn("ann", "ann2", "ann")
			s.joins("ann3", "ann")
		}, byName, []string{"hold relink-unproven ann"}},
		{"another entry lists the name as an address", func(s *scene) {
			s.has("ann")
			s.reborn("ann", "ann2", "ann")
			s.has("bob")
			s.lists("bob", "ann")
		}, byName, []string{"hold relink-unproven ann"}},
		{"both were there at once", func(s *scene) {
			s.has("ann")
			s.reborn("ann", "ann2", "ann")
			s.knowsUnbound("staff", "ann2")
			s.people["ann2"].FirstSeen = lastRead.Add(-time.Hour)
		}, byName, []string{"hold relink-unproven ann"}},
		{"the old ID lives outside of the filter", func(s *scene) {
			s.has("ann")
			s.reborn("ann", "ann2", "ann")
			s.recheck = func(PrincipalRef) (Recheck, bool) { return Recheck{ID: PresenceFound}, true }
		}, byName, []string{"hold relink-unproven ann"}},
		{"nobody can tell whether the old ID lives", func(s *scene) {
			s.has("ann")
			s.reborn("ann", "ann2", "ann")
			s.recheck = func(PrincipalRef) (Recheck, bool) { return Recheck{}, true }
		}, byName, []string{"hold recheck-blind ann"}},
		{"same name, but not the same person", func(s *scene) {
			s.person("ann", "1")
			s.reborn("ann", "ann2", "ann", "2")
		}, byName, []string{}},
		{"by attribute under a new name", func(s *scene) {
			s.person("ann", "1")
			s.reborn("ann", "ann2", "eve", "1")
		}, byAttr, []string{"relink ANN ann"}},
		{"two empty values do not agree", func(s *scene) {
			s.person("ann", "")
			s.reborn("ann", "ann2", "ann", "")
		}, byAttr, []string{}},
		{"a number of another source proves nothing", func(s *scene) {
			s.person("ann", "1")
			s.has("bob")
			s.leaves("ann")
			s.source("pupils").Policy.SamePersonMapped = true
			s.joinsIn("pupils", "eve", "eve")
			s.entries["eve"].SamePerson = []string{"1"}
		}, byAttr, []string{}},
		{"two people had the number", func(s *scene) {
			s.person("ann", "1")
			s.person("bob", "1")
			s.reborn("ann", "ann2", "eve", "1")
			s.leaves("bob")
		}, byAttr, []string{"hold relink-unproven ann", "hold relink-unproven bob"}},
		{"the new ID has an account of its own", func(s *scene) {
			s.person("ann", "1")
			s.leaves("ann")
			s.person("eve", "1")
		}, byAttr, []string{}},
		{"an incomplete reading links nobody", func(s *scene) {
			s.has("ann")
			s.reborn("ann", "ann2", "ann")
			s.staff().Evidence.Complete = false
		}, byName, []string{"block incomplete rename"}},
	})
}

func TestRelinkMany(t *testing.T) {
	t.Parallel()
	all := func(s *scene) {
		for id := range strings.FieldsSeq("ann bob cat dan eve") {
			s.has(id)
			s.reborn(id, id+"2", id)
		}
	}
	runOrders(t, []orderRow{
		{"churn does not block its own remedy", all, byName, []string{"relink ANN ann", "relink BOB bob", "relink CAT cat", "relink DAN dan", "relink EVE eve"}},
		{"neither does another attribute", func(s *scene) {
			all(s)
			s.staff().Evidence.IDAttribute = "objectGUID"
			s.recheck = func(PrincipalRef) (Recheck, bool) { return Recheck{}, true }
		}, byName, []string{"relink ANN ann", "relink BOB bob", "relink CAT cat", "relink DAN dan", "relink EVE eve"}},
		{"limits do", func(s *scene) {
			all(s)
			s.staff().Policy.Limits = nil
		}, byName, []string{
			"relink ANN ann blocked", "relink BOB bob blocked", "relink CAT cat blocked", "relink DAN dan blocked", "relink EVE eve blocked",
			"block limit-relink rename", "block limit-relink rename",
		}},
		{"with those of the week", func(s *scene) {
			s.has("ann")
			s.reborn("ann", "ann2", "ann")
			s.staff().Policy.Limits = nil
			for range 15 { // five times the three that are always allowed
				s.f.Recent = append(s.f.Recent, PastAction{Kind: ActRelink, Source: "staff", Domain: "example.org", At: noon.Add(-48 * time.Hour)})
			}
		}, byName, []string{"relink ANN ann blocked", "block limit-relink-week rename", "block limit-relink-week rename"}},
	})
}

// TestRelinkNewAttribute: the ledger learns the new attribute only with the
// links, and the fuse is blown with it.
func TestRelinkNewAttribute(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has("ann")
	s.reborn("ann", "ann2", "ann")
	s.staff().Evidence.IDAttribute = "objectGUID"
	d := byName(s.facts())
	if len(d.Sources) != 1 || d.Sources[0].IDAttribute != "objectGUID" || d.Sources[0].Fingerprint == "fp" {
		t.Errorf("sources %+v", d.Sources)
	}
	s.leaves("ann2")
	if d := byName(s.facts()); len(d.Sources) != 0 {
		t.Errorf("without a link: %+v", d.Sources)
	}
}

func TestRelinkAccounts(t *testing.T) {
	t.Parallel()
	gone := func(s *scene, id string) { delete(s.boxes, id) }
	runOrders(t, []orderRow{
		{"the account is gone, one other has the name", func(s *scene) {
			s.has("ann")
			gone(s, "ann")
			s.box("new", "ann", lastRead)
		}, byName, []string{"relink NEW ann"}},
		{"the ID was given to another account", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.box("ann", "bob", lastRead)
			s.box("bob", "ann", lastRead)
		}, byName, []string{"relink BOB ann", "relink ANN bob"}},
		{"the account was renamed by hand", func(s *scene) {
			s.has("ann")
			s.box("ann", "other", longAgo)
			s.box("new", "ann", lastRead)
		}, byName, []string{}},
		{"the other account is somebody's", func(s *scene) {
			s.has("ann")
			s.has("bob")
			gone(s, "ann")
			s.box("bob", "ann", longAgo)
		}, byName, []string{"hold relink-unproven ann"}},
		{"by attribute says nothing about accounts", func(s *scene) {
			s.person("ann", "1")
			gone(s, "ann")
			s.box("new", "ann", lastRead)
		}, byAttr, []string{}},
		{"an unproven account waits for a person", func(s *scene) {
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.box("old", "ann", longAgo)
		}, byName, []string{}},
		{"who names the person links it", func(s *scene) {
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.box("old", "ann", longAgo)
		}, only("ann@example.org"), []string{"relink OLD ann"}},
	})
}
