package reconcile_test

import (
	"testing"

	. "syncagent/internal/reconcile"
)

func TestDisabled(t *testing.T) {
	disabled := func(change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.staff().Policy.SuspendDisabled = true
			s.has("ann")
			s.entries["ann"].Enabled = EnabledNo
			change(s)
		}
	}
	runTable(t, []row{
		{"suspended", disabled(func(*scene) {}), []string{"suspend ANN ann"}},
		{"not where it is not configured", disabled(func(s *scene) { s.staff().Policy.SuspendDisabled = false }), nil},
		{"not an administrator", disabled(func(s *scene) { s.entries["ann"].Kind = KindAdmin }), []string{"hold protected ann"}},
		{"not what is protected", disabled(func(s *scene) { s.staff().Policy.Protect = []string{"ann"} }), []string{"hold protected ann"}},
		{"not one of an unknown kind", disabled(func(s *scene) { s.entries["ann"].Kind = KindUnknown }), []string{"hold kind-unknown ann"}},
		{"not without a way back", disabled(func(s *scene) { s.f.Can.Suspend = false }), []string{"hold suspend-not-reversible ann"}},
		{"not twice", disabled(func(s *scene) { s.people["ann"].Access = AccessSuspended }), nil},
		{"renamed while suspended", disabled(func(s *scene) {
			s.people["ann"].Access = AccessSuspended
			s.renamed("ann", "eve")
		}), []string{"rename ANN ann>eve"}},
		{"enabled again", func(s *scene) {
			s.staff().Policy.SuspendDisabled = true
			s.has("ann")
			s.people["ann"].Access, s.people["ann"].Entry = AccessSuspended, HashOf("when disabled")
		}, []string{"resume ANN ann"}},
	})
}

func TestRenameKeepsASuspension(t *testing.T) {
	s := newScene()
	s.staff().Policy.SuspendDisabled = true
	s.has("ann")
	s.entries["ann"].Enabled = EnabledNo
	s.people["ann"].Access, s.people["ann"].Before = AccessSuspended, s.boxes["ann"]
	s.renamed("ann", "eve")
	if p := rowOf(t, s.decide(), "ann"); p.Access != AccessSuspended || p.Before == nil || p.Name != at("eve") {
		t.Errorf("row: %+v", p)
	}
}
