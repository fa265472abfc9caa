package reconcile_test

import (
	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

// ask asks about a journaled action as the account is now.
func (m *model) ask(a Action) (Found, *Account) {
	box := m.accounts[a.Account]
	if box == nil {
		return AskDone(a, nil, m.rules), nil
	}
	now := m.account(box)
	return AskDone(a, &now, m.rules), &now
}

// checkUndone checks before a write that it is not taken for done.
func (m *model) checkUndone(group []Action) {
	for _, a := range group {
		if box := m.accounts[a.Account]; box != nil && (a.Kind == ActSuspend && box.blocked || a.Kind == ActResume && a.From == a.To && !box.blocked) {
			continue // an administrator was there before
		}
		if found, now := m.ask(a); found == FoundDone || found == FoundUnclear {
			m.report("%s %s>%s of %+v is found to be done (%d) before it was", a.Kind, a.From, a.To, now, found)
		}
	}
}

// learnt is what of a principal must be the same whether a run recorded its
// action itself or the next one found it done.
type learnt struct {
	State   State
	Link    Link
	Name    string
	Access  Access
	Before  bool
	Dropped []AddressDrop
	Waiting bool
}

func learntOf(p Principal) learnt {
	out := learnt{p.State, p.Link, p.Name, p.Access, p.Before != nil, p.Dropped, !p.Waiting.IsZero()}
	if len(out.Dropped) == 0 {
		out.Dropped = nil
	}
	return out
}

// checkDone checks after a write that it is found to be done, and that the
// ledger would learn the same from that as from the run itself.
func (m *model) checkDone(group []Action, effects map[int]Effect) {
	for _, a := range group {
		found, now := m.ask(a)
		if a.Kind == ActExport { // the archive itself tells
			continue
		}
		if a.Kind == ActDestroyTwin && found == FoundNotDone { // it was not empty
			continue
		}
		if found != FoundDone {
			m.report("%s %s>%s was done, but is found %d: %+v", a.Kind, a.From, a.To, found, now)
			continue
		}
		if now == nil {
			now = &Account{ID: a.Account}
		}
		ref := PrincipalRef{Source: a.Source, ID: a.StableID}
		got := Recovered(a, found, m.ledger[ref], m.rules, *now, m.now)
		if len(got.Principals) != len(effects[a.Seq].Principals) {
			m.report("recovering %+v gives %+v, the run gave %+v", a, got, effects[a.Seq])
			continue
		}
		for i, p := range got.Principals {
			want, have := learntOf(effects[a.Seq].Principals[i]), learntOf(p)
			if a.Kind == ActRelease { // counted again at the next read
				want.Dropped, have.Dropped = nil, nil
			}
			if diff := cmp.Diff(want, have); diff != "" {
				m.report("recovering %s %s>%s (-run +recovered):\n%s", a.Kind, a.From, a.To, diff)
			}
			if person := m.people[p.ID]; person != nil && p.Entry == HashEntry(m.entry(person), "") {
				m.report("after recovering %s the entry is not decided again", a.Kind)
			}
		}
	}
}
