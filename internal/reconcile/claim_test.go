package reconcile_test

import (
	"testing"

	. "syncagent/internal/reconcile"
)

func claiming(claims ...Claim) func(Facts) Decision {
	return func(f Facts) Decision { return DecideClaims(f, "staff", claims) }
}

var oldClaim = Claim{Account: "OLD", Name: at("old")}

func TestClaim(t *testing.T) {
	t.Parallel()
	orphan := func(s *scene) { s.has("ann"); s.box("old", "old", longAgo, "older") }
	with := func(more func(s *scene)) func(s *scene) {
		return func(s *scene) { orphan(s); more(s) }
	}
	runOrders(t, []orderRow{
		{"an orphan", orphan, claiming(oldClaim, oldClaim), []string{"claim OLD old"}},
		{"as reported", orphan, claiming(Claim{Account: "OLD", Name: at("old"), Addresses: ats([]string{"older"}), Created: longAgo}), []string{"claim OLD old"}},
		{"another name", orphan, claiming(Claim{Account: "OLD", Name: at("bob")}), []string{"hold claim-refused orphan:OLD"}},
		{"another age", orphan, claiming(Claim{Account: "OLD", Name: at("old"), Created: noon}), []string{"hold claim-refused orphan:OLD"}},
		{"other addresses", orphan, claiming(Claim{Account: "OLD", Name: at("old"), Addresses: []string{}}), []string{"hold claim-refused orphan:OLD"}},
		{"gone", orphan, claiming(Claim{Account: "X", Name: at("x")}), []string{"hold claim-refused orphan:X"}},
		{"somebody's", orphan, claiming(Claim{Account: "ANN", Name: at("ann")}), []string{"hold claim-refused orphan:ANN"}},
		{"protected", with(func(s *scene) { s.staff().Policy.Protect = []string{"old@*"} }), claiming(oldClaim), []string{"hold protected orphan:OLD"}},
		{"a group", with(func(s *scene) { s.boxes["old"].Kind = KindGroup }), claiming(oldClaim), []string{"hold protected orphan:OLD"}},
		{"of unknown kind", with(func(s *scene) { s.boxes["old"].Kind = KindUnknown }), claiming(oldClaim), []string{"hold protected orphan:OLD"}},
		{"our own", with(func(s *scene) { s.f.Self = "OLD" }), claiming(oldClaim), []string{"hold protected orphan:OLD"}},
		{"an entry lists its alias", with(func(s *scene) { s.lists("ann", "older") }), claiming(oldClaim), []string{"hold still-used orphan:OLD"}},
		{"a missing person had its name", with(func(s *scene) { s.has("gus"); s.overdue("gus"); s.people["gus"].Name = at("old") }), claiming(oldClaim), []string{"hold still-used orphan:OLD"}},
		{"found outside of the filter", with(func(s *scene) {
			s.recheck = func(PrincipalRef) (Recheck, bool) { return Recheck{ID: PresenceAbsent, Identity: PresenceFound}, true }
		}), claiming(oldClaim), []string{"hold recheck-found orphan:OLD"}},
		{"not proven", with(func(s *scene) {
			s.recheck = func(PrincipalRef) (Recheck, bool) { return Recheck{ID: PresenceAbsent}, true }
		}), claiming(oldClaim), []string{"hold recheck-blind orphan:OLD"}},
		{
			"another source was not read to its end", with(func(s *scene) { s.source("pupils").Evidence.Complete = false }), claiming(oldClaim),
			[]string{"claim OLD old blocked", "block incomplete rename"},
		},
	})
}

// claimed puts a claimed orphan into the ledger that is due for deletion.
func (s *scene) claimed(id string) {
	s.box(id, id, longAgo)
	s.joins(id, id)
	s.knowsUnbound("staff", id)
	s.overdue(id)
	p := s.people[id]
	p.ID, p.Link = OrphanID(s.boxes[id].ID), Link{Account: s.boxes[id].ID, Created: longAgo, Name: at(id)}
}

func TestClaimedLife(t *testing.T) {
	t.Parallel()
	runTable(t, []row{
		{"it is deleted when its grace is over", func(s *scene) { s.has("ann"); s.claimed("old") }, []string{"delete OLD old", "missing orphan:OLD 9"}},
		{"not once an entry lists its name: it is moved aside, as any leaver's, and kept", func(s *scene) {
			s.has("ann")
			s.claimed("old")
			s.lists("ann", "old")
		}, []string{"park OLD old>syncagent-parked-OLD", "hold claim-used orphan:OLD", "missing orphan:OLD 9"}},
		{"and never after that", func(s *scene) {
			s.has("ann")
			s.claimed("old")
			s.people["old"].HeldEntry = HashOf("held since an entry carried its name")
		}, []string{"hold claim-used orphan:OLD", "missing orphan:OLD 9"}},
		{"it is no churn of IDs", func(s *scene) {
			for _, id := range []string{"a", "b", "c", "d", "e"} {
				s.claimed(id)
				s.joins("new"+id, id)
				s.f.Can.Rename = true
			}
			s.staff().Policy.Park = false
		}, []string{
			"hold name-reused newa", "hold name-reused newb", "hold name-reused newc", "hold name-reused newd", "hold name-reused newe",
			"hold claim-used orphan:A", "hold claim-used orphan:B", "hold claim-used orphan:C", "hold claim-used orphan:D", "hold claim-used orphan:E",
			"missing orphan:A 9", "missing orphan:B 9", "missing orphan:C 9", "missing orphan:D 9", "missing orphan:E 9",
		}},
	})
}
