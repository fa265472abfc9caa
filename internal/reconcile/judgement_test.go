package reconcile_test

import (
	"testing"
	"time"
)

// TestABlockedRunCountsMisses: a limit stops the deletes, not the clock.
func TestABlockedRunCountsMisses(t *testing.T) {
	s := newScene()
	s.crowd(20)
	for _, id := range []string{"p00", "p01", "p02", "p03"} {
		s.overdue(id)
	}
	s.missed("p04", 1, 10*time.Hour)
	s.staff().Policy.Limits = nil
	d := s.decide()
	if d.Allowed["staff"]["remove"] || !d.Plan.Verdict.Blocked {
		t.Fatalf("nothing blocks: %v", blocks(d))
	}
	if p := rowOf(t, d, "p04"); p.Miss.Reads != 2 || p.Miss.Elapsed != 34*time.Hour {
		t.Errorf("the miss does not count: %+v", p.Miss)
	}
}
