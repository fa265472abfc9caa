package reconcile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "syncagent/internal/reconcile"
)

// TestBlockedRunsSayWhatIsNeeded: and whoever sets what they say is let pass.
func TestBlockedRunsSayWhatIsNeeded(t *testing.T) {
	for _, c := range []struct {
		name          string
		crowd, leave  int
		done          int // deletes of the last day
		daysAgo       int
		limit         Limit
		says, saysNot string
		then          Limit
	}{
		{"above count and percent", 100, 8, 0, 0, Limit{Count: 5, Percent: 5}, "delete with count: 8 and percent: 8%", "wait", Limit{Count: 8, Percent: 8}},
		{"above the count alone", 100, 8, 0, 0, Limit{Count: 5, Percent: 50}, "delete with count: 8", "percent", Limit{Count: 8, Percent: 50}},
		{"none allowed", 100, 1, 0, 0, Limit{}, "delete with count: 1", "percent", Limit{Count: 1}},
		{"percent of an odd number", 37, 5, 0, 0, Limit{Count: 50, Percent: 1}, "count: 50 and percent: 14%", "wait", Limit{Count: 50, Percent: 14}},
		{"only together with those of today", 100, 3, 4, 0, Limit{Count: 5, Percent: 50}, "count: 7, or to wait", "percent", Limit{Count: 7, Percent: 50}},
		{"only together with those of the week", 100, 3, 24, 3, Limit{Count: 5, Percent: 50}, "count: 6, or to wait", "percent", Limit{Count: 6, Percent: 50}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene()
			s.crowd(c.crowd)
			for i := range c.leave {
				s.overdue(fmt.Sprintf("p%02d", i))
			}
			s.staff().Living, s.staff().LivingByDomain = c.crowd, map[string]int{"example.org": c.crowd}
			for range c.done {
				s.f.Recent = append(s.f.Recent, PastAction{
					Kind: ActDelete, Source: "staff", Domain: "example.org", At: noon.Add(-time.Hour - time.Duration(c.daysAgo)*24*time.Hour),
				})
			}
			s.staff().Policy.Limits = map[ActionKind]Limit{ActDelete: c.limit}
			reasons := s.decide().Plan.Verdict.Reasons
			if len(reasons) == 0 || !strings.Contains(reasons[0].Message, c.says) || strings.Contains(reasons[0].Message, c.saysNot) {
				t.Fatalf("%+v", reasons)
			}
			s.staff().Policy.Limits[ActDelete] = c.then
			if reasons := s.decide().Plan.Verdict.Reasons; len(reasons) != 0 {
				t.Errorf("what it asked for is not enough: %+v", reasons)
			}
		})
	}
}

func TestADropSaysWhatIsNeeded(t *testing.T) {
	s := newScene()
	s.crowd(30)
	s.staff().Policy.MaxDrop = 0.1
	s.staff().State.Largest = map[string]int{"2026-02-20": 30}
	s.leaves("p00", "p01", "p02", "p03")
	reasons := s.decide().Plan.Verdict.Reasons
	if len(reasons) != 1 || !strings.Contains(reasons[0].Message, "expect.max_drop: 14%") {
		t.Fatalf("%+v", reasons)
	}
	s.staff().Policy.MaxDrop = 0.14
	if reasons := s.decide().Plan.Verdict.Reasons; len(reasons) != 0 {
		t.Errorf("what it asked for is not enough: %+v", reasons)
	}
}
