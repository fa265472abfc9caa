package reconcile_test

import (
	"testing"
	"time"

	. "syncagent/internal/reconcile"
)

func TestLimitFormula(t *testing.T) {
	for _, c := range []struct {
		limit  Limit
		living int
		want   int
	}{
		{Limit{20, 2}, 0, 3},
		{Limit{20, 2}, 150, 3},
		{Limit{20, 2}, 199, 3},
		{Limit{20, 2}, 200, 4},
		{Limit{20, 2}, 999, 19},
		{Limit{20, 2}, 1000, 20},
		{Limit{20, 2}, 100000, 20},
		{Limit{2, 2}, 1000, 2},
		{Limit{0, 50}, 1000, 0},
		{Limit{20, 0}, 1000, 3},
		{Limit{}, 1000, 0},
	} {
		if got := c.limit.Allowed(c.living); got != c.want {
			t.Errorf("%+v of %d: got %d, want %d", c.limit, c.living, got, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	deletes := func(n int, change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.crowd(n + 2)
			for i := range n {
				s.overdue(person2(i))
			}
			s.staff().Policy.Limits = map[ActionKind]Limit{ActDelete: {Count: 20, Percent: 2}}
			change(s)
		}
	}
	past := func(n int, kind ActionKind, domain string, age time.Duration) func(*scene) {
		return func(s *scene) {
			for range n {
				s.f.Recent = append(s.f.Recent, PastAction{Kind: kind, Source: "staff", Domain: domain, At: noon.Add(-age)})
			}
		}
	}
	runGuards(t, []guardRow{
		{"three are always allowed", deletes(3, func(*scene) {}), nil},
		{"four of few are not", deletes(4, func(*scene) {}), []string{"limit-delete remove", "limit-delete remove"}},
		{"two percent of many are", deletes(4, func(s *scene) {
			s.staff().Living, s.staff().LivingByDomain = 200, map[string]int{"example.org": 200}
		}), nil},
		{"not if the domain is small", deletes(4, func(s *scene) {
			s.staff().Living, s.staff().LivingByDomain = 200, map[string]int{"example.org": 20}
		}), []string{"limit-delete remove"}},
		{
			"a limit of zero", deletes(1, func(s *scene) { s.staff().Policy.Limits[ActDelete] = Limit{} }),
			[]string{"limit-delete remove", "limit-delete remove", "limit-delete-week remove", "limit-delete-week remove"},
		},
		{"none configured: the built-in one", deletes(4, func(s *scene) { s.staff().Policy.Limits = nil }), []string{"limit-delete remove", "limit-delete remove"}},
		{"what was done within a day counts", deletes(1, past(3, ActDelete, "example.org", 23*time.Hour)), []string{"limit-delete remove", "limit-delete remove"}},
		{"what was done a day ago does not", deletes(1, past(3, ActDelete, "example.org", 24*time.Hour)), nil},
		{"another domain counts for the source only", deletes(1, past(3, ActDelete, "example.net", time.Hour)), []string{"limit-delete remove"}},
		{"another kind does not count", deletes(1, past(30, ActRename, "example.org", time.Hour)), nil},
		{"five times as many in a week", deletes(1, past(14, ActDelete, "example.org", 48*time.Hour)), nil},
		{"and not one more", deletes(1, past(15, ActDelete, "example.org", 48*time.Hour)), []string{"limit-delete-week remove", "limit-delete-week remove"}},
		{"a week later it is forgotten", deletes(1, past(15, ActDelete, "example.org", 168*time.Hour)), nil},
		{"renames do not stop deletes", func(s *scene) {
			s.crowd(6)
			s.staff().Policy.Limits[ActRename] = Limit{}
			s.renamed("p00", "new")
			s.overdue("p01")
		}, []string{"limit-rename rename", "limit-rename rename", "limit-rename-week rename", "limit-rename-week rename"}},
		{"suspensions", func(s *scene) {
			s.crowd(6)
			s.staff().Policy.Limits[ActSuspend], s.staff().Policy.SuspendDisabled = Limit{}, true
			s.entries["p00"].Enabled = EnabledNo
		}, []string{"limit-suspend protect", "limit-suspend protect", "limit-suspend-week protect", "limit-suspend-week protect"}},
		{"parks", func(s *scene) {
			s.crowd(2)
			s.staff().Policy.Limits[ActPark] = Limit{}
			s.missed("p00", 1, 0)
			s.joins("new", "p00")
		}, []string{"limit-park protect", "limit-park protect", "limit-park-week protect", "limit-park-week protect"}},
		{"releases", func(s *scene) {
			s.has("ann", "info")
			s.has("bob")
			s.staff().Policy.Limits[ActRelease] = Limit{}
			s.lists("ann")
			s.lists("bob", "info")
		}, []string{"limit-release protect", "limit-release protect", "limit-release-week protect", "limit-release-week protect"}},
		{"a twin counts as a twin, not as a rename", func(s *scene) {
			s.has("ann")
			s.staff().Policy.Limits[ActRename] = Limit{Count: 1}
			s.renamed("ann", "eve")
			s.box("eve", "eve", noon)
		}, nil},
		{"twins", func(s *scene) {
			s.has("ann")
			s.staff().Policy.Limits[ActDestroyTwin] = Limit{}
			s.renamed("ann", "eve")
			s.box("eve", "eve", noon)
		}, []string{"limit-twin rename", "limit-twin rename", "limit-twin-week rename", "limit-twin-week rename"}},
		{"resuming has no limit", func(s *scene) {
			s.staff().Policy.Limits = map[ActionKind]Limit{}
			for i := range 9 {
				s.has(person2(i))
				s.overdue(person2(i))
				s.people[person2(i)].Access = AccessSuspended
				s.joins(person2(i), person2(i))
			}
		}, nil},
	})
}
