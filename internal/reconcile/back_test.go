package reconcile_test

import (
	"testing"

	. "syncagent/internal/reconcile"
)

func TestBack(t *testing.T) {
	runTable(t, []row{
		{"resets", func(s *scene) {
			s.has("ann")
			s.overdue("ann")
			s.joins("ann", "ann")
		}, nil},
		{"under a new name", func(s *scene) {
			s.has("ann")
			s.overdue("ann")
			s.joins("ann", "eve")
		}, []string{"rename ANN ann>eve"}},
		{"suspended: resumed", func(s *scene) {
			s.has("ann", "info")
			s.overdue("ann")
			s.people["ann"].Access = AccessSuspended
			s.joins("ann", "ann", "info")
		}, []string{"resume ANN ann"}},
		{"suspended, under a new name: resumed first", func(s *scene) {
			s.has("ann")
			s.overdue("ann")
			s.people["ann"].Access = AccessSuspended
			s.joins("ann", "eve")
		}, []string{"resume ANN ann"}},
		{"suspended, protected since", func(s *scene) {
			s.has("ann")
			s.overdue("ann")
			s.people["ann"].Access = AccessSuspended
			s.joins("ann", "ann")
			s.entries["ann"].Kind = KindAdmin
		}, []string{"hold protected ann"}},
		{
			"parked: put back with its addresses", func(s *scene) { s.parked("ann"); s.joins("ann", "ann", "info") },
			[]string{"resume ANN syncagent-parked-ann>ann []>[info]"},
		},
		{"parked, and the name is another account's", func(s *scene) {
			s.parked("ann")
			s.joins("ann", "ann", "info")
			s.box("new", "ann", noon)
		}, []string{"rename NEW ann>syncagent-aside-NEW", "destroy-twin NEW syncagent-aside-NEW", "hold name-taken ann"}},
		{"parked, and the name is another entry's", func(s *scene) {
			s.parked("ann")
			s.joins("ann", "ann", "info")
			s.has("bob")
			s.renamed("bob", "ann")
		}, []string{"hold name-conflict ann", "hold name-conflict bob"}},
		{"parked, the ID may be another person's", func(s *scene) {
			s.staff().Evidence.IDReusable = true
			s.parked("ann")
			s.joins("ann", "eve")
		}, []string{"hold rename-unproven ann"}},
		{"parked, same_person differs", func(s *scene) {
			s.parked("ann")
			s.people["ann"].SamePerson = []Hash{HashOf("7")}
			s.joins("ann", "ann")
			s.entries["ann"].SamePerson = []string{"8"}
		}, []string{"hold same-person-differs ann"}},
	})
}

// parked makes a missing person's account one that was moved aside.
func (s *scene) parked(id string) {
	s.has(id, "info")
	s.overdue(id)
	p := s.people[id]
	before := *s.boxes[id]
	p.Access, p.Before, p.Mixed, p.Link.Name = AccessParked, &before, true, at("syncagent-parked-"+id)
	s.boxes[id].Name, s.boxes[id].Addresses, s.boxes[id].Suspended = at("syncagent-parked-"+id), nil, true
}

func TestBackIsRecordedWhateverElseWaits(t *testing.T) {
	for name, set := range map[string]func(*scene){
		"plain":       func(*scene) {},
		"held":        func(s *scene) { s.entries["ann"].Kind = KindUnknown },
		"renamed":     func(s *scene) { s.renamed("ann", "eve") },
		"rename held": func(s *scene) { s.renamed("ann", "ann@example.com") },
		"a former name": func(s *scene) {
			s.renamed("ann", "eve")
			s.f.Tombstones = []Tombstone{{Key: keyOf(at("eve")), Owner: PrincipalRef{"staff", "ann"}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.has("ann")
			s.overdue("ann")
			s.joins("ann", "ann")
			set(s)
			d := s.decide()
			if len(d.Record.Principals) != 1 {
				t.Fatalf("recorded: %+v", d.Record.Principals)
			}
			if p := d.Record.Principals[0]; p.State != StateActive || p.Miss != (Miss{}) {
				t.Errorf("still missing: %+v", p)
			}
		})
	}
}

func TestResumeUnderTheOldNameKeepsTheWish(t *testing.T) {
	s := newScene()
	s.has("ann")
	s.overdue("ann")
	s.people["ann"].Access = AccessSuspended
	s.joins("ann", "eve")
	p := rowOf(t, s.decide(), "ann")
	if p.Access != AccessOpen || p.Name != at("ann") || p.Waiting.IsZero() || p.Entry == HashEntry(*s.entries["ann"], "") {
		t.Errorf("row: %+v", p)
	}
}
