package reconcile_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

// after lets so much time pass after a run that recorded what it learnt and did
// nothing else, as if it were killed then.
func (s *scene) after(d Decision, pause time.Duration) {
	for _, p := range d.Record.Principals {
		if old := s.people[string(p.ID)]; old != nil {
			p.Row = old.Row
		} else {
			p.Row = int64(len(s.people) + 1)
		}
		s.people[string(p.ID)] = &p
	}
	s.f.Tombstones = append(s.f.Tombstones, d.Record.Tombstones...)
	for _, state := range d.Sources {
		s.sources[state.Name].State = state
	}
	s.f.Now = s.f.Now.Add(pause)
}

// TestFoundWaits has the histories of more than one run in which random ones
// found a mistake. Each step changes the situation; a run follows it, and the
// last run must give what is wanted.
func TestFoundWaits(t *testing.T) {
	between := noon.Add(-30 * time.Minute)
	// ann waits for a name that eva of another source has, too; the server made an
	// account of that name meanwhile.
	conflict := func(s *scene) {
		s.has("ann")
		s.source("other")
		s.joinsIn("other", "eva", "eva")
		s.knowsUnbound("other", "eva")
		s.renamed("ann", "eva")
		s.box("new", "eva", between)
	}
	broken := func(s *scene) { s.sources["other"].Evidence.Complete = false }
	mended := func(s *scene) { s.sources["other"].Evidence.Complete = true }
	fuse := func(s *scene) {
		s.has("kim")
		s.has("bob")
		s.leaves("bob")
		s.source("other")
		s.joins("eva", "eva")
		s.box("new", "eva", between)
		s.staff().State.Fingerprint = "before"
	}
	for _, row := range []struct {
		name  string
		steps []func(s *scene)
		want  []string
	}{
		{"the account made for somebody who waited for a name is not that of who has it alone then", []func(s *scene){
			conflict,
			func(s *scene) { broken(s); s.renamed("ann", "zoe") },
			mended,
		}, []string{"park NEW eva>syncagent-parked-NEW", "rename ANN ann>zoe"}},
		{"nor if the wish is withdrawn", []func(s *scene){
			conflict,
			func(s *scene) { broken(s); s.renamed("ann", "ann") },
			mended,
		}, []string{"park NEW eva>syncagent-parked-NEW"}},
		{"nor if who waited has left and come back with another name", []func(s *scene){
			conflict,
			func(s *scene) { broken(s); s.leaves("ann"); s.has("bob") },
			func(s *scene) { s.joins("ann", "zoe") },
			mended,
		}, []string{"park NEW eva>syncagent-parked-NEW", "rename ANN ann>zoe"}},
		{"nor if the account of who waited is gone", []func(s *scene){
			func(s *scene) { conflict(s); delete(s.boxes, "ann") },
			func(s *scene) { broken(s); s.renamed("ann", "zoe") },
			mended,
		}, []string{"park NEW eva>syncagent-parked-NEW", "hold account-gone ann"}},
		{"nor if who waited is parked", []func(s *scene){
			func(s *scene) {
				conflict(s)
				delete(s.people, "ann")
				s.parked("ann")
				s.joins("ann", "eva")
			},
			func(s *scene) { broken(s); s.renamed("ann", "zoe") },
			mended,
		}, []string{"resume ANN syncagent-parked-ann>zoe", "park NEW eva>syncagent-parked-NEW"}},
		{"the account made anew for a leaver whose linked one was gone is not a newcomer's", []func(s *scene){
			func(s *scene) {
				s.has("kim")
				s.has("ann")
				s.missed("ann", 1, 0)
				delete(s.boxes, "ann")
				s.box("new", "ann", noon.Add(-30*time.Hour))
			},
			func(s *scene) {
				s.joinsIn("other", "eva", "ann")
				s.source("other").State.LastComplete = longAgo
			},
		}, []string{"park NEW ann>syncagent-parked-NEW"}},
		{"an account that an unapproved new ID may have used is not that of who has its name then", []func(s *scene){
			fuse,
			func(s *scene) {
				s.leaves("eva")
				s.joinsIn("other", "new", "eva")
			},
		}, []string{"park NEW eva>syncagent-parked-NEW", "unconfirmed bob", "block fuse remove"}},
		{"an account made while somebody else bore the name is not the twin of who waits for another name since", []func(s *scene){
			func(s *scene) {
				s.has("ann")
				s.staff().Policy.Rename = false
				s.renamed("ann", "kim")
				s.source("other").Policy.Park = false
				s.joinsIn("other", "eva", "eva")
				s.knowsUnbound("other", "eva")
				s.people["eva"].NameLackedAt = noon
				s.box("new", "eva", between)
			},
			func(s *scene) { s.renamed("eva", "lea"); s.renamed("ann", "eva"); s.staff().Policy.Rename = true },
		}, []string{"park NEW eva>syncagent-parked-NEW", "rename ANN ann>eva"}},
		{"whoever was suspended and has a new name does not open another's account meanwhile", []func(s *scene){
			func(s *scene) {
				s.has("ann")
				s.people["ann"].Access, s.people["ann"].Before = AccessSuspended, s.boxes["ann"]
				s.renamed("ann", "eva")
				s.box("old", "eva", longAgo)
			},
		}, []string{"resume ANN ann", "park OLD eva>syncagent-parked-OLD"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newScene()
			var d Decision
			for i, step := range row.steps {
				if i > 0 {
					s.after(d, time.Minute)
				}
				step(s)
				d = s.decide()
			}
			if diff := cmp.Diff(row.want, show(d)); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}
