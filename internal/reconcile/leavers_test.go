package reconcile_test

import (
	"testing"
	"time"

	. "syncagent/internal/reconcile"
)

// TestLeaversScope: who is found among the leavers counts as missing, with all
// that follows; who is found elsewhere does not.
func TestLeaversScope(t *testing.T) {
	answer := func(r Recheck) func(*scene) {
		return func(s *scene) { s.recheck = func(PrincipalRef) (Recheck, bool) { return r, true } }
	}
	marked := func(s *scene) {
		s.has("bob")
		s.has("ann")
		s.joins("ann", "ann")
		s.entries["ann"].Leaver = true
	}
	runTable(t, []row{
		{"an entry that the snapshot marks as a leaver's begins to be missing", marked, []string{"missing ann 0"}},
		{"its name is free for others", func(s *scene) {
			marked(s)
			s.joins("new", "ann")
		}, []string{"park ANN ann>syncagent-parked-ANN", "missing ann 0"}},
		{"found among the leavers, its time is up", func(s *scene) {
			s.has("bob")
			s.has("ann")
			s.overdue("ann")
			answer(Recheck{ID: PresenceFound, Leaver: true, Identity: PresenceAbsent})(s)
		}, []string{"delete ANN ann", "missing ann 9"}},
		{"found elsewhere", func(s *scene) {
			s.has("bob")
			s.has("ann")
			s.overdue("ann")
			answer(Recheck{ID: PresenceFound, Identity: PresenceAbsent})(s)
		}, []string{"hold out-of-scope ann", "missing ann 9"}},
		{"a leaver whose address somebody else carries", func(s *scene) {
			s.has("bob")
			s.has("ann")
			s.overdue("ann")
			answer(Recheck{ID: PresenceFound, Leaver: true, Identity: PresenceFound})(s)
		}, []string{"hold recheck-found ann", "missing ann 9"}},
		{"a leaver whose name could not be searched", func(s *scene) {
			s.has("bob")
			s.has("ann")
			s.overdue("ann")
			answer(Recheck{ID: PresenceFound, Leaver: true})(s)
		}, []string{"hold recheck-blind ann", "missing ann 9"}},
		{"moved back, the person is back", func(s *scene) {
			s.has("ann")
			s.overdue("ann")
			s.joins("ann", "ann")
		}, nil},
		{"all marked as leavers is an empty source", func(s *scene) {
			s.has("ann")
			s.entries["ann"].Leaver = true
		}, []string{"block empty remove"}},
		{"leavers of many years do not make the drop look small", func(s *scene) {
			s.crowd(20)
			s.staff().Policy.MaxDrop = 0.1
			s.staff().State.Largest = map[string]int{"2026-02-20": 20}
			for i := range 100 {
				id := "old" + string(rune('a'+i/26)) + string(rune('a'+i%26))
				s.joins(id, id)
				s.entries[id].Leaver = true
			}
			s.leaves("p00", "p01", "p02")
		}, []string{"unconfirmed p00", "unconfirmed p01", "unconfirmed p02", "block drop remove"}},
	})
}

func TestALeaverThatIsMovedBackStartsAnew(t *testing.T) {
	s := newScene()
	s.has("ann")
	s.missed("ann", 2, 30*time.Hour)
	s.joins("ann", "ann")
	if p := rowOf(t, s.decide(), "ann"); p.State != StateActive || p.Miss != (Miss{}) {
		t.Errorf("row: %+v", p)
	}
}
