package reconcile_test

import (
	"testing"

	. "syncagent/internal/reconcile"
)

// moved lets ann leave staff, and a new entry come in pupils.
func moved(name string, change ...func(s *scene)) func(*scene) {
	return func(s *scene) {
		s.source("pupils")
		s.staff().Policy.SamePerson = []string{"personNumber"}
		s.sources["pupils"].Policy.SamePerson = []string{"room", "PersonNumber"}
		s.has("bob")
		s.hasIn("pupils", "zoe")
		s.has("ann")
		s.entries["ann"].SamePerson = []string{"7"}
		s.learn("ann")
		s.overdue("ann")
		s.joinsIn("pupils", "new", name)
		s.entries["new"].SamePerson = []string{"", "7"}
		for _, f := range change {
			f(s)
		}
	}
}

// TestPersonMovesToAnotherSource: another ID, the same person.
func TestPersonMovesToAnotherSource(t *testing.T) {
	ledgerSays := func(r Recheck) func(*scene) {
		return func(s *scene) { s.recheck = func(PrincipalRef) (Recheck, bool) { return r, true } }
	}
	successor := Recheck{ID: PresenceAbsent, Identity: PresenceAbsent, Successor: PrincipalRef{Source: "pupils", ID: "new"}}
	runTable(t, []row{
		{"a relink is proposed, nothing is parked or deleted", moved("ann"), []string{"hold relink-proposed new", "hold still-used ann", "missing ann 9"}},
		{"under another name the old account is not deleted either", moved("anna"), []string{"hold relink-proposed ann", "missing ann 9"}},
		{
			"nor if the new entry came in an earlier run", moved("anna", func(s *scene) { s.leaves("new") }, ledgerSays(successor)),
			[]string{"hold relink-proposed ann", "missing ann 9"},
		},
		{"the same number of another attribute is another person's", moved("ann", func(s *scene) {
			s.sources["pupils"].Policy.SamePerson = []string{"room", "pupilNumber"}
		}), []string{"park ANN ann>syncagent-parked-ANN", "hold still-used ann", "missing ann 9"}},
		{"and does not keep an account", moved("anna", func(s *scene) {
			s.sources["pupils"].Policy.SamePerson = []string{"room", "pupilNumber"}
		}), []string{"delete ANN ann", "missing ann 9"}},
		{
			"another number is another person", moved("ann", func(s *scene) { s.entries["new"].SamePerson = []string{"", "8"} }),
			[]string{"park ANN ann>syncagent-parked-ANN", "hold still-used ann", "missing ann 9"},
		},
		{"two empty ones do not agree", moved("anna", func(s *scene) {
			s.people["ann"].SamePerson = []Hash{{}}
			s.entries["new"].SamePerson = []string{"", ""}
		}), []string{"delete ANN ann", "missing ann 9"}},
		{"whoever lived at the same time is no successor: a second account of one person", moved("anna", func(s *scene) {
			s.knowsUnbound("pupils", "new")
			s.people["new"].Entry = Hash{}
		}), []string{"delete ANN ann", "missing ann 9"}},
	})
}

// TestTwoSourcesOneName: nobody is chosen.
func TestTwoSourcesOneName(t *testing.T) {
	both := func(s *scene) {
		s.source("pupils")
		s.has("bob")
		s.hasIn("pupils", "zoe")
	}
	runTable(t, []row{
		{"two newcomers of two sources", func(s *scene) {
			both(s)
			s.joins("new", "ann")
			s.joinsIn("pupils", "old", "ann")
			s.box("ann", "ann", noon)
		}, []string{"hold name-conflict old", "hold name-conflict new"}},
		{"a newcomer takes no living person's name", func(s *scene) {
			both(s)
			s.joinsIn("pupils", "new", "bob")
		}, []string{"hold name-conflict new"}},
		{"a rename takes none either", func(s *scene) {
			both(s)
			s.renamed("zoe", "bob")
		}, []string{"hold name-conflict zoe"}},
		{"a leaver's account stays while the other source has the name", func(s *scene) {
			both(s)
			s.has("ann")
			s.overdue("ann")
			s.joinsIn("pupils", "new", "ann")
			s.knowsUnbound("pupils", "new")
		}, []string{"park ANN ann>syncagent-parked-ANN", "hold still-used ann", "missing ann 9"}},
		{"and while the other source cannot be read", func(s *scene) {
			both(s)
			s.has("ann")
			s.overdue("ann")
			s.sources["pupils"].Evidence.Complete = false
		}, []string{"hold source-incomplete ann", "missing ann 9", "block incomplete remove"}},
	})
}

// TestOneAccountGone: its name stands under a new account ID. The new account
// is never removed for the old one's sake.
func TestOneAccountGone(t *testing.T) {
	gone := func(s *scene) {
		s.has("bob")
		s.has("ann", "info")
		delete(s.boxes, "ann")
		s.box("new", "ann", noon.Add(-20*24*3600e9))
	}
	runTable(t, []row{
		{"the person is there, and something changed", func(s *scene) { gone(s); s.lists("ann") }, []string{"hold relink-proposed ann"}},
		{"the person was renamed, too", func(s *scene) {
			gone(s)
			s.renamed("ann", "eve")
		}, []string{"hold account-gone ann"}},
		{"the person left: the link ends, the new account stays", func(s *scene) {
			gone(s)
			s.overdue("ann")
		}, []string{"missing ann 9", "already-deleted ann ANN"}},
		{"the new account is another person's", func(s *scene) {
			gone(s)
			s.people["bob"].Link = Link{Account: "NEW", Name: at("ann"), Created: s.boxes["new"].Created}
			delete(s.boxes, "bob")
			s.lists("ann")
		}, []string{"hold account-gone ann"}},
		{"the new account has the name as an address only", func(s *scene) {
			gone(s)
			s.boxes["new"].Name, s.boxes["new"].Addresses = at("zoe"), []string{at("ann")}
			s.lists("ann")
		}, []string{"hold account-gone ann"}},
		{"a newcomer of the name parks the new account, the old link is not touched", func(s *scene) {
			gone(s)
			s.overdue("ann")
			s.joins("eve", "ann")
		}, []string{"park NEW ann>syncagent-parked-NEW", "missing ann 9", "already-deleted ann ANN"}},
	})
}
