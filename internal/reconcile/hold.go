package reconcile

import "slices"

func (d *decider) holdWish(w *wish, code, message string) {
	w.held = true
	name := w.name
	if name == "" && w.old != nil {
		name = w.old.Name
	}
	if name == "" && w.entry != nil {
		name = w.entry.Label
	}
	d.hold(code, w.ref, w.row.Link.Account, name, message)
}

func (d *decider) hold(code string, ref PrincipalRef, account AccountID, name, message string) {
	d.holds = append(d.holds, NewHold(code, ref, account, name, message))
}

// NewHold makes a hold with the hint of its code.
func NewHold(code string, ref PrincipalRef, account AccountID, name, message string) Hold {
	info, _ := CodeInfo(code)
	return Hold{
		Code: code, Source: ref.Source, StableID: ref.ID, Account: account,
		Name: name, Message: message, Hint: info.Hint,
	}
}

func (d *decider) notice(code string, source string, a *Account, message string) {
	n := Notice{Code: code, Source: source, Message: message}
	if a != nil {
		n.Account, n.Name = a.ID, a.Name
	}
	d.notices = append(d.notices, n)
}

// AddHold adds a hold to a plan that is decided already: an action that was
// allowed could not be carried out. Holds are not in the hash of a plan.
func AddHold(p *Plan, h Hold) {
	p.Holds = append(slices.Clone(p.Holds), h)
	sortHolds(p.Holds)
	p.Counts.Hold = len(p.Holds)
}
