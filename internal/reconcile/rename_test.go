package reconcile_test

import (
	"testing"
	"time"

	. "syncagent/internal/reconcile"
)

func TestRename(t *testing.T) {
	runTable(t, []row{
		{"plain, with its addresses", func(s *scene) {
			s.has("ann", "info")
			s.renamed("ann", "eve", "sales")
		}, []string{"rename ANN ann>eve [info]>[sales]"}},
		{"the old address stays listed", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve", "ann")
		}, []string{"rename ANN ann>eve []>[ann]"}},
		{"an administrator's address is carried over", func(s *scene) {
			s.has("ann")
			s.boxes["ann"].Addresses = ats([]string{"extra"})
			s.renamed("ann", "eve")
		}, []string{"rename ANN ann>eve"}},
		{"the own address as an alias (tables of 0.15) is given up", func(s *scene) {
			s.has("ann")
			s.boxes["ann"].Addresses = ats([]string{"ann"})
			s.renamed("ann", "eve")
		}, []string{"rename ANN ann>eve [ann]>[]"}},
		{"the new name was an alias of the same account", func(s *scene) {
			s.has("ann", "eve")
			s.renamed("ann", "eve")
		}, []string{"rename ANN ann>eve [eve]>[]"}},
		{"an address that another account holds is not asked for", func(s *scene) {
			s.has("ann")
			s.box("old", "old", longAgo, "info")
			s.renamed("ann", "eve", "info")
		}, []string{"rename ANN ann>eve", "hold address-taken ann"}},
		{"without mapped addresses whatever the account has stays", func(s *scene) {
			s.staff().Policy.AddressesMapped = false
			s.has("ann", "info")
			s.renamed("ann", "eve")
			s.entries["ann"].Addresses, s.entries["ann"].AddressesMapped = nil, false
		}, []string{"rename ANN ann>eve"}},
		{"letter case only", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "ANN")
		}, nil},
		{"to another domain of the server", func(s *scene) {
			s.f.Rules.Domains = map[string]string{"example.org": "example.org", "example.net": "example.net"}
			s.has("ann")
			s.renamed("ann", "ann@example.net")
		}, []string{"rename ANN ann>ann@example.net"}},
		{"to an alias of the same domain: nothing", func(s *scene) {
			s.f.Rules.Domains = map[string]string{"example.org": "example.org", "example.net": "example.org"}
			s.has("ann")
			s.renamed("ann", "ann@example.net")
		}, nil},
		{"to a domain that the server lacks", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "ann@example.com")
		}, []string{"hold domain-unknown ann"}},
		{"to no name", func(s *scene) {
			s.has("ann")
			s.entries["ann"].Names = nil
		}, []string{"hold no-name ann"}},
		{"to several names, one of them known", func(s *scene) {
			s.has("ann")
			s.entries["ann"].Names = []string{at("eve"), at("ann")}
		}, nil},
		{"to several names, none known", func(s *scene) {
			s.has("ann")
			s.entries["ann"].Names = []string{at("eve"), at("zoe")}
		}, []string{"hold name-ambiguous ann"}},
		{"policy.rename is report", func(s *scene) {
			s.staff().Policy.Rename = false
			s.has("ann")
			s.renamed("ann", "eve")
		}, []string{"hold rename-reported ann"}},
		{"no rights to rename", func(s *scene) {
			s.f.Can.Rename = false
			s.has("ann")
			s.renamed("ann", "eve")
		}, []string{"hold rename-unsupported ann"}},
		{"after an undo, until the entry changes", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			s.people["ann"].HeldEntry = HeldHash(*s.entries["ann"])
		}, []string{"hold undone ann"}},
		{"after an undo, once it changed again", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			s.people["ann"].HeldEntry = HashOf("another one")
		}, []string{"rename ANN ann>eve"}},
		{"the kind became unknown", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			s.entries["ann"].Kind = KindUnknown
		}, []string{"hold kind-unknown ann"}},
		{"the account is gone", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			delete(s.boxes, "ann")
		}, []string{"hold account-gone ann"}},
		{"the account is gone, and the name is that of a new one", func(s *scene) {
			s.has("ann")
			s.lists("ann", "info")
			delete(s.boxes, "ann")
			s.box("new", "ann", noon)
		}, []string{"hold relink-proposed ann"}},
		{"the account was made at another time", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			s.boxes["ann"].Created = noon
		}, []string{"hold account-changed ann"}},
		{"the account became a group", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			s.boxes["ann"].Kind = KindGroup
		}, []string{"hold account-changed ann"}},
		{"somebody gave the account a third name", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			s.boxes["ann"].Name = at("zoe")
		}, []string{"hold account-changed ann"}},
		{"somebody renamed it already", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			s.boxes["ann"].Name = at("eve")
		}, []string{"already-renamed ann ANN"}},
	})
}

func TestRenameOfReusableKeys(t *testing.T) {
	with := func(reusable bool, before, after []string) func(*scene) {
		return func(s *scene) {
			s.staff().Evidence.IDReusable = reusable
			s.joins("ann", "ann")
			s.entries["ann"].SamePerson = before
			s.knowsUnbound("staff", "ann")
			s.box("ann", "ann", longAgo)
			s.people["ann"].Link = Link{Account: "ANN", Created: longAgo, Name: at("ann")}
			s.renamed("ann", "eve")
			s.entries["ann"].SamePerson = after
		}
	}
	rename, unproven, differs := []string{"rename ANN ann>eve"}, []string{"hold rename-unproven ann"}, []string{"hold same-person-differs ann"}
	runTable(t, []row{
		{"UUID, nothing mapped", with(false, nil, nil), rename},
		{"UUID, agrees", with(false, []string{"7"}, []string{"7"}), rename},
		{"UUID, differs", with(false, []string{"7"}, []string{"8"}), differs},
		{"UUID, empty on one side decides nothing", with(false, []string{""}, []string{"8"}), rename},
		{"UUID, one of two differs", with(false, []string{"7", "x"}, []string{"7", "y"}), differs},
		{"key, nothing mapped", with(true, nil, nil), unproven},
		{"key, agrees", with(true, []string{"7"}, []string{"7"}), rename},
		{"key, differs", with(true, []string{"7"}, []string{"8"}), differs},
		{"key, two empty values do not agree", with(true, []string{""}, []string{""}), unproven},
		{"key, empty before", with(true, []string{""}, []string{"8"}), unproven},
		{"key, empty now", with(true, []string{"7"}, []string{""}), unproven},
		{"key, one agrees and one is empty", with(true, []string{"7", ""}, []string{"7", "y"}), rename},
		{"key that is never handed out twice", func(s *scene) {
			with(true, nil, nil)(s)
			s.staff().Policy.IDNeverReused = true
		}, rename},
	})
}

func TestProtectedRename(t *testing.T) {
	with := func(change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.has("ann", "info")
			s.renamed("ann", "eve", "info", "future")
			change(s)
		}
	}
	pattern := func(p string) func(*scene) {
		return with(func(s *scene) { s.staff().Policy.Protect = []string{p} })
	}
	held := []string{"hold protected ann"}
	runTable(t, []row{
		{"by the old name", pattern("ann@example.org"), held},
		{"by the new name", pattern("eve@example.org"), held},
		{"by an address", pattern("INFO@example.org"), held},
		{"by a future address", pattern("fut*"), held},
		{"by the local part", pattern("ev*"), held},
		{"by the stable ID", pattern("ann"), held},
		{"by an order of a person", with(func(s *scene) { s.f.Protections = []Protection{{Pattern: "eve"}} }), held},
		{"an administrator in the directory", with(func(s *scene) { s.entries["ann"].Kind = KindAdmin }), held},
		{"a group in the directory", with(func(s *scene) { s.entries["ann"].Kind = KindGroup }), held},
		{"an administrator on the server", with(func(s *scene) { s.boxes["ann"].Kind = KindAdmin }), held},
		{"our own account", with(func(s *scene) { s.f.Self = "ANN" }), held},
		{"an address that only the server knows", with(func(s *scene) {
			s.boxes["ann"].Addresses = append(s.boxes["ann"].Addresses, at("boss"))
			s.staff().Policy.Protect = []string{"boss"}
		}), held},
		{
			"a pattern for others", with(func(s *scene) { s.staff().Policy.Protect = []string{"svc-*"} }),
			[]string{"rename ANN ann>eve [info]>[future info]"},
		},
	})
}

func TestNameGoesBack(t *testing.T) {
	back := func(change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			s.f.Tombstones = []Tombstone{{Key: keyOf(at("eve")), Owner: PrincipalRef{"staff", "ann"}, Account: "ANN", Since: longAgo}}
			change(s)
		}
	}
	waited := func(s *scene, name string, since time.Time) {
		d := s.decide()
		for _, p := range d.Record.Principals {
			if p.ID == "ann" {
				p.Waiting = since
				*s.people["ann"] = p
			}
		}
		s.renamed("ann", name)
		s.f.Tombstones = append(s.f.Tombstones, Tombstone{Key: keyOf(at("zoe")), Owner: PrincipalRef{"staff", "ann"}})
	}
	held, rename := []string{"hold name-returns ann"}, []string{"rename ANN ann>eve"}
	runTable(t, []row{
		{"the first read only notes it", back(func(*scene) {}), held},
		{"the second one, later, renames", back(func(s *scene) { waited(s, "eve", lastRead) }), rename},
		{"not if it comes too soon", back(func(s *scene) { waited(s, "eve", noon.Add(-time.Minute)) }), held},
		{"not if it wants another former name", back(func(s *scene) { waited(s, "zoe", lastRead) }), held},
		{"at once where the source tells its age", back(func(s *scene) {
			s.staff().State.Positions, s.staff().Evidence.Positions = map[string]string{"": "7"}, map[string]string{"": "7"}
		}), rename},
		{"at once where the tombstone is another person's", back(func(s *scene) {
			s.f.Tombstones[0].Owner.ID = "zoe"
		}), rename},
	})
}

func TestAStaleReadInBetweenStartsTheWaitAgain(t *testing.T) {
	s := newScene()
	s.has("ann")
	s.f.Tombstones = []Tombstone{{Key: keyOf(at("eve")), Owner: PrincipalRef{"staff", "ann"}}}
	s.renamed("ann", "eve")
	*s.people["ann"] = rowOf(t, s.decide(), "ann")
	if s.people["ann"].Waiting.IsZero() {
		t.Fatal("the wish is not noted")
	}
	s.renamed("ann", "ann")
	s.f.Now = noon.Add(2 * time.Hour)
	*s.people["ann"] = rowOf(t, s.decide(), "ann")
	if p := s.people["ann"]; !p.Waiting.IsZero() || !p.LastSeen.IsZero() || p.Entry.IsZero() {
		t.Errorf("the wish is still noted: %+v", p)
	}
}
