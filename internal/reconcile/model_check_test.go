package reconcile_test

import (
	"slices"

	. "syncagent/internal/reconcile"
)

// countAbsences follows in truth what complete reads can know about who is
// missing, and for how long.
func (m *model) countAbsences(r reading, d Decision) {
	for _, s := range d.Plan.Sources {
		if len(s.Reasons) > 0 {
			continue // it was not believed
		}
		there := map[StableID]bool{}
		for _, p := range m.read(s.Name, r) {
			there[p.id] = true
		}
		for ref := range m.ledger {
			switch gone := m.absent[ref]; {
			case ref.Source != s.Name:
			case there[ref.ID]:
				delete(m.absent, ref)
			case gone == nil:
				m.absent[ref] = &absence{since: m.now, reads: 1}
			default:
				gone.reads++
			}
		}
	}
	if r.whole() {
		return
	}
	for _, p := range d.Record.Principals { // nobody is missed by a read that was not whole
		old := m.ledger[p.Ref()]
		if (p.Source == r.cut || p.Source == r.empty) && p.Miss.Reads > old.Miss.Reads {
			m.report("a miss of %s is counted although source %s was not read to its end", p.ID, p.Source)
		}
	}
}

// checkAction checks at the moment of the write what no plan may ever do.
func (m *model) checkAction(group []Action, r reading) {
	for _, a := range group {
		box, p := m.accounts[a.Account], m.people[a.StableID]
		if box == nil {
			m.report("%s of account %s that does not exist", a.Kind, a.Account)
			continue
		}
		ref := PrincipalRef{Source: a.Source, ID: a.StableID}
		row, known := m.ledger[ref]
		m.checkHeld(a, row, r)
		leaves := a.Kind == ActDelete || a.Kind == ActSuspend && row.State == StateMissing
		switch {
		case box.admin && a.Kind != ActExport:
			m.report("%s of the administrator's account %s", a.Kind, a.Account)
		case slices.ContainsFunc(box.identities(), func(name string) bool { return MatchName(protectedName, name) }):
			m.report("%s of the protected account %s", a.Kind, a.Account)
		case a.Kind == ActSuspend && p != nil && r.stale == "" && (!p.disabled || !m.policy.SuspendDisabled):
			m.report("suspension of %s, who is in the directory and enabled", a.StableID)
		case (a.Kind == ActRename || a.Kind == ActResume) && !OwnName(a.To) && a.To != a.From && (p == nil || p.name != a.To) && r.stale == "":
			m.report("%s of account %s to %s, which is not its owner's name", a.Kind, a.Account, a.To)
		case a.Kind == ActDelete && (!known || row.Link.Account != a.Account):
			m.report("delete of account %s, which is not linked to %s", a.Account, a.StableID)
		case leaves && (r.cut != "" || r.empty != ""):
			m.report("%s of %s in a run that did not read every source to its end: %+v", a.Kind, a.StableID, r)
		case leaves && m.policy.Missing == MissingReport, a.Kind == ActDelete && m.policy.Missing != MissingDelete:
			m.report("%s of %s against policy.missing %d", a.Kind, a.StableID, m.policy.Missing)
		case a.Kind == ActRename && m.policy.Rename == false && !OwnName(a.To) && !m.sameBefore(a):
			m.report("rename %s>%s against policy.rename", a.From, a.To)
		case a.Kind == ActPark && !m.policy.Park:
			m.report("park of %s against policy.name_reuse", a.Account)
		}
		if a.Kind == ActDelete || a.Kind == ActSuspend && leaves {
			m.checkGrace(a, ref)
			m.checkCovered(a, ref)
		}
	}
}

// sameBefore tells that a rename only brings an account out of its temporary
// name, or to another spelling.
func (m *model) sameBefore(a Action) bool {
	return OwnName(a.From) || m.rules.Key(a.From) == m.rules.Key(a.To)
}

// checkGrace checks that whoever loses something was missing for as long as the
// policy says, seen by complete reads.
func (m *model) checkGrace(a Action, ref PrincipalRef) {
	reads, wait := m.policy.GraceRuns, m.policy.GraceTime
	if a.Kind == ActSuspend {
		reads, wait = m.policy.SuspendRuns, m.policy.SuspendTime
	}
	gone := m.absent[ref]
	if gone == nil || gone.reads < reads || m.now.Sub(gone.since) < wait {
		m.report("%s of %s before its grace is over: %+v", a.Kind, ref.ID, gone)
	}
}

// deleteBox checks the first of all rules at the moment of the delete.
func (m *model) deleteBox(a Action) {
	box := m.accounts[a.Account]
	if m.people[a.StableID] != nil {
		m.report("delete of account %s although %s, who is linked to it, is in the directory", a.Account, a.StableID)
	}
	if m.people[box.owner] != nil && box.known {
		m.report("delete of account %s although %s, for whom it was made, is in the directory", a.Account, box.owner)
	}
	for _, p := range m.people {
		for _, address := range p.identities() {
			if box.answers(address) && (m.policy.AddressesMapped || address == p.name) {
				m.report("delete of account %s although %s carries %s", a.Account, p.id, address)
			}
		}
	}
	approved := slices.ContainsFunc(m.approvals, func(x Approval) bool {
		return slices.ContainsFunc(x.Items, func(i ApprovedItem) bool { return i.Kind == "mixed" && i.Account == a.Account })
	})
	for id := range box.mail {
		if m.people[id] != nil && box.seen[id] && !approved {
			m.report("delete of account %s that holds mail of the living %s", a.Account, id)
		}
	}
	m.destroy(a.Account)
	m.deleted = append(m.deleted, a.Account)
}

// destroyTwin looks into the twin first, as the agent does.
func (m *model) destroyTwin(a Action) {
	box := m.accounts[a.Account]
	if len(box.mail) > 0 {
		return
	}
	if !OwnName(box.name) {
		m.report("twin %s is destroyed under its living name %s", box.id, box.name)
	}
	m.destroy(a.Account)
}
