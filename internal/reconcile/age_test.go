package reconcile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

// reads makes one run on a snapshot with these positions and records it.
func (s *scene) reads(positions map[string]string) []string {
	s.staff().Evidence.Positions = positions
	d := s.decide()
	s.record(d)
	return show(d)
}

// TestAServerThatGoesBackInTime remembers how far each server was: domain
// controllers count on their own, so that reading another one in between must
// not make the first one's past look new.
func TestAServerThatGoesBackInTime(t *testing.T) {
	old := []string{"block older-snapshot remove"}
	for _, c := range []struct {
		name  string
		reads []map[string]string
		last  []string
	}{
		{"forward", []map[string]string{{"dc1": "10"}, {"dc1": "11"}}, []string{}},
		{"back", []map[string]string{{"dc1": "10"}, {"dc1": "9"}}, old},
		{"back after another one", []map[string]string{{"dc1": "10"}, {"dc2": "3"}, {"dc1": "9"}}, old},
		{"forward after another one", []map[string]string{{"dc1": "10"}, {"dc2": "3"}, {"dc1": "10"}}, []string{}},
		{"back after one that tells nothing", []map[string]string{{"dc1": "10"}, nil, {"dc1": "9"}}, old},
		{"an old reading is not remembered", []map[string]string{{"dc1": "10"}, {"dc1": "5"}, {"dc1": "9"}}, old},
		{"one of two provider IDs back", []map[string]string{{"000": "10", "001": "10"}, {"000": "11", "001": "9"}}, old},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene()
			s.has("ann")
			var got []string
			for _, positions := range c.reads {
				got = s.reads(positions)
			}
			if diff := cmp.Diff(c.last, got); diff != "" {
				t.Errorf("the last run (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnOldReadingTakesNothingAway: whatever else the snapshot says.
func TestAnOldReadingTakesNothingAway(t *testing.T) {
	runTable(t, []row{
		{"no leaver, no rename, no link", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.overdue("bob")
			s.has("cid")
			s.renamed("cid", "eve")
			s.joins("new", "new")
			s.box("new", "new", noon)
			s.staff().State.Positions, s.staff().Evidence.Positions = map[string]string{"a": "10"}, map[string]string{"a": "9"}
		}, []string{"block older-snapshot remove"}},
		{"a name of the past from a server that cannot be compared waits for a second reading", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			s.f.Tombstones = []Tombstone{{Key: keyOf(at("eve")), Owner: PrincipalRef{Source: "staff", ID: "ann"}}}
			s.staff().State.Positions, s.staff().Evidence.Positions = map[string]string{"dc1": "10"}, map[string]string{"dc2": "9"}
		}, []string{"hold name-returns ann"}},
		{"not from one that can", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve")
			s.f.Tombstones = []Tombstone{{Key: keyOf(at("eve")), Owner: PrincipalRef{Source: "staff", ID: "ann"}}}
			s.staff().State.Positions, s.staff().Evidence.Positions = map[string]string{"dc1": "10"}, map[string]string{"dc1": "10"}
		}, []string{"rename ANN ann>eve"}},
	})
}
