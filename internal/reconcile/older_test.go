package reconcile_test

import (
	"slices"
	"testing"
	"time"

	. "syncagent/internal/reconcile"
)

// timeless makes an account as servers before 0.16 show it: without the time
// when it was made, but with the last listing that lacked it.
func (s *scene) timeless(id string, lacked time.Time) {
	s.boxes[id].Created, s.boxes[id].FirstListed, s.boxes[id].LackedAt = time.Time{}, time.Time{}, lacked
}

func TestYoungerByListings(t *testing.T) {
	newcomer := func(lacked time.Time) func(*scene) {
		return func(s *scene) {
			s.joins("ann", "ann")
			s.box("ann", "ann", noon)
			s.timeless("ann", lacked)
		}
	}
	twin := func(lacked time.Time) func(*scene) {
		return func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			s.box("eve", "eve", noon)
			s.timeless("eve", lacked)
		}
	}
	runTable(t, []row{
		{"lacked by the listing of the last read: linked", newcomer(lastRead), []string{"link ann ANN"}},
		{"lacked later than that", newcomer(lastRead.Add(time.Minute)), []string{"link ann ANN"}},
		{"lacked before it: it may have been there", newcomer(lastRead.Add(-time.Minute)), []string{"park ANN ann>syncagent-parked-ANN"}},
		{"never known to be lacked", newcomer(time.Time{}), []string{"park ANN ann>syncagent-parked-ANN"}},
		{"a time that has not come proves nothing", newcomer(noon.Add(time.Minute)), []string{"park ANN ann>syncagent-parked-ANN"}},
		{"a twin", twin(lastRead), []string{"rename EVE eve>syncagent-aside-EVE", "rename ANN ann>eve", "destroy-twin EVE syncagent-aside-EVE"}},
		{"no twin", twin(lastRead.Add(-time.Minute)), []string{"park EVE eve>syncagent-parked-EVE", "rename ANN ann>eve"}},
		{"where the server tells a time, only that counts", func(s *scene) {
			newcomer(lastRead)(s)
			s.boxes["ann"].Created = longAgo
		}, []string{"park ANN ann>syncagent-parked-ANN"}},
		{"groups look like users: what may be one stays", func(s *scene) {
			s.f.Can.GroupsHidden = true
			newcomer(time.Time{})(s)
		}, []string{"hold name-reused ann"}},
		{"a twin is none", func(s *scene) {
			s.f.Can.GroupsHidden = true
			twin(lastRead)(s)
		}, []string{"rename EVE eve>syncagent-aside-EVE", "rename ANN ann>eve", "destroy-twin EVE syncagent-aside-EVE"}},
	})
}

func TestVersionsThatCannot(t *testing.T) {
	never := func(change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.f.Can.Rename, s.f.Can.NeverRename = false, true
			change(s)
		}
	}
	runTable(t, []row{
		{"rename", never(func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
		}), []string{"hold rename-unsupported ann"}},
		{"a leaver's name is given to somebody else", never(func(s *scene) {
			s.has("zed")
			s.has("ann")
			s.overdue("ann")
			s.joins("eve", "ann")
			s.f.Can.Delete = true
		}), []string{"hold still-used ann", "hold name-reused eve", "missing ann 9"}},
		{"a leaver's address is", never(func(s *scene) {
			s.has("ann", "info")
			s.has("bob")
			s.leaves("ann")
			s.lists("bob", "info")
		}), []string{"hold rename-unsupported bob", "missing ann 0"}},
		{"an address is dropped", never(func(s *scene) {
			s.has("ann", "info")
			s.lists("ann")
			s.people["ann"].Dropped = []AddressDrop{{Address: keyOf("info@example.org"), Reads: 1, Last: noon.Add(-26 * time.Hour)}}
		}), []string{"hold rename-unsupported ann"}},
		{"deletes go on", never(func(s *scene) {
			s.has("zed")
			s.has("ann")
			s.overdue("ann")
		}), []string{"delete ANN ann", "missing ann 9"}},
		{"unless they must not be made", func(s *scene) {
			s.f.Can.Delete, s.f.Can.NeverDelete = false, true
			s.has("zed")
			s.has("ann")
			s.overdue("ann")
		}, []string{"hold delete-unsupported ann", "missing ann 9"}},
	})
}

func TestNamesThatCannotBe(t *testing.T) {
	bad := func(names, targets map[string]string, change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.f.BadNames, s.f.BadTargets = names, targets
			change(s)
		}
	}
	eve, ann := map[string]string{"eve@example.org": "it is bad"}, map[string]string{"ann@example.org": "it is bad"}
	runTable(t, []row{
		{"a new name that no account can have", bad(nil, eve, func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
		}), []string{"hold name-unsafe ann"}},
		{"others go on", bad(nil, eve, func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.renamed("ann", "eve")
			s.renamed("bob", "zoe")
		}), []string{"rename BOB bob>zoe", "hold name-unsafe ann"}},
		{"an account that cannot be addressed is not renamed", bad(ann, ann, func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
		}), []string{"hold name-unsafe ann"}},
		{"nor deleted", bad(ann, ann, func(s *scene) {
			s.has("zed")
			s.has("ann")
			s.overdue("ann")
		}), []string{"hold name-unsafe ann", "missing ann 9"}},
		{"nor moved aside", bad(ann, ann, func(s *scene) {
			s.has("zed")
			s.has("ann")
			s.overdue("ann")
			s.joins("eve", "ann")
		}), []string{"hold name-unsafe ann", "hold name-reused eve", "missing ann 9"}},
		{"one that could not get its name back is not moved aside", bad(nil, ann, func(s *scene) {
			s.has("ann")
			s.leaves("ann")
			s.joins("eve", "ann")
		}), []string{"hold name-reused eve", "missing ann 0"}},
		{"but deleted", bad(nil, ann, func(s *scene) {
			s.has("zed")
			s.has("ann")
			s.overdue("ann")
		}), []string{"delete ANN ann", "missing ann 9"}},
		{"two that differ in the case of their letters", func(s *scene) {
			s.has("ann")
			s.box("ann2", "Ann", longAgo)
			s.has("zed")
			s.overdue("ann")
		}, []string{"hold name-unsafe ann", "missing ann 9"}},
		{"and neither is linked", func(s *scene) {
			s.joins("eve", "eve")
			s.box("eve", "eve", noon)
			s.box("eve2", "Eve", noon)
		}, []string{"hold name-unsafe eve"}},
	})
}

func TestAccountIDsAreSorted(t *testing.T) {
	ids := []AccountID{"10", "9", "0", "4294967295", "43", "7", "39"}
	slices.SortFunc(ids, CompareAccountIDs)
	if want := []AccountID{"0", "7", "9", "10", "39", "43", "4294967295"}; !slices.Equal(ids, want) {
		t.Errorf("%v", ids)
	}
	ids = []AccountID{"d333333", "ba", "b", "3", "z"}
	slices.SortFunc(ids, CompareAccountIDs)
	if want := []AccountID{"b", "z", "3", "ba", "d333333"}; !slices.Equal(ids, want) {
		t.Errorf("%v", ids)
	}
}
