package reconcile_test

import (
	"slices"

	. "syncagent/internal/reconcile"
)

// run is one run of the agent. It is killed once so many of its writes were
// made; what it had begun is in the journal then.
func (m *model) run(r reading, upto int) Decision {
	m.recover()
	for id := range m.accounts {
		if _, ok := m.lastAcc[id]; !ok {
			m.lastAcc[id], m.lacked[id] = m.now, m.listed
		}
	}
	m.listed = m.now
	for _, p := range m.people {
		if box := m.box(p.name); box != nil && p.source != r.cut && p.source != r.empty {
			box.seen[p.id] = true
		}
	}
	decision := m.decide(m.snapshots(r), false)
	m.write(decision.Record)
	for _, s := range decision.Sources {
		m.states[s.Name] = s
	}
	m.execute(decision, upto)
	return decision
}

// recover settles what a killed run left in the journal.
func (m *model) recover() {
	for _, a := range m.journal {
		p, known := m.ledger[PrincipalRef{a.Source, a.StableID}]
		var now *Account
		if box := m.accounts[a.Account]; box != nil {
			acc := m.account(box)
			now = &acc
		}
		found := AskDone(a, now, rules)
		if !known {
			continue
		}
		if now == nil {
			now = &Account{ID: a.Account, Name: a.To}
		}
		m.write(Recovered(a, found, p, rules, *now, m.now))
	}
	m.journal = nil
}

func (m *model) write(e Effect) {
	for _, p := range e.Principals {
		old, ok := m.ledger[p.Ref()]
		if ok {
			p.Row = old.Row
		} else {
			m.nextRow++
			p.Row = m.nextRow
		}
		m.ledger[p.Ref()] = p
	}
	m.graves = append(m.graves, e.Tombstones...)
}

// execute carries out what is allowed, group by group. After upto writes the
// agent is killed: the writes of that group were made in part, and none of its
// effects is recorded.
func (m *model) execute(d Decision, upto int) {
	done := map[int]bool{}
	for i := 0; i < len(d.Plan.Actions); {
		group := []Action{d.Plan.Actions[i]}
		for i++; i < len(d.Plan.Actions) && group[0].Group != 0 && d.Plan.Actions[i].Group == group[0].Group; i++ {
			group = append(group, d.Plan.Actions[i])
		}
		ready := true
		for _, a := range group {
			ready = ready && d.Allowed[a.Source][a.Stage]
			for _, seq := range a.After {
				ready = ready && done[seq]
			}
		}
		if !ready {
			continue
		}
		m.checkAction(group)
		m.checkUndone(group)
		made, whole := m.carryOut(group, upto)
		upto -= made
		if !whole || upto <= 0 {
			m.journal = group
			return
		}
		m.checkDone(group, d.Effects)
		for _, a := range group {
			done[a.Seq] = true
			m.recent = append(m.recent, PastAction{a.Kind, a.Source, Domain(a.From), m.now})
			m.write(d.Effects[a.Seq])
		}
	}
}

// checkAction checks at the moment of the write what no plan may ever do.
func (m *model) checkAction(group []Action) {
	for _, a := range group {
		box, p := m.accounts[a.Account], m.people[a.StableID]
		switch {
		case box == nil:
			m.report("%s of account %s that does not exist", a.Kind, a.Account)
			continue
		case box.admin && a.Kind != ActExport:
			m.report("%s of the administrator's account %s", a.Kind, a.Account)
		case slices.ContainsFunc(append([]string{box.name}, box.aliases...), func(name string) bool { return MatchName(protectedName, name) }):
			m.report("%s of the protected account %s", a.Kind, a.Account)
		case a.Kind == ActSuspend && p != nil:
			m.report("suspension of %s, who is in the directory", a.StableID)
		case (a.Kind == ActRename || a.Kind == ActResume) && !OwnName(a.To) && (p == nil || p.name != a.To):
			m.report("%s of account %s to %s, which is not its owner's name", a.Kind, a.Account, a.To)
		}
		if row, ok := m.ledger[PrincipalRef{a.Source, a.StableID}]; a.Kind == ActDelete && (!ok || row.Link.Account != a.Account) {
			m.report("delete of account %s, which is not linked to %s", a.Account, a.StableID)
		}
	}
}

// carryOut makes at most upto writes, and tells how many it made and whether
// those were all.
func (m *model) carryOut(group []Action, upto int) (int, bool) {
	if upto <= 0 {
		return 0, false
	}
	switch a := group[0]; a.Kind {
	case ActDelete:
		m.deleteBox(a)
	case ActDestroyTwin:
		if box := m.accounts[a.Account]; box != nil && len(box.mail) == 0 {
			delete(m.accounts, a.Account)
		}
	case ActSuspend:
		m.accounts[a.Account].blocked = true
	case ActExport, ActPurge, ActRelink, ActClaim:
	case ActRename, ActRelease, ActPark, ActResume:
		writes := IdentityWrites(group)
		for i, write := range writes {
			if i >= upto {
				return i, false
			}
			m.rename(write)
			m.block(group, write.Account)
		}
		return len(writes), true
	}
	return 1, true
}

// block cuts or opens the access together with the identity.
func (m *model) block(group []Action, account AccountID) {
	for _, a := range group {
		if a.Account == account && (a.Kind == ActPark || a.Kind == ActResume) {
			m.accounts[account].blocked = a.Kind == ActPark
		}
	}
}

// rename does what the server does; a name or address that is taken is a
// mistake of the plan.
func (m *model) rename(w IdentityWrite) {
	for _, address := range append([]string{w.Name}, w.Addresses...) {
		if box := m.box(address); box != nil && box.id != w.Account {
			m.report("write %+v: %s is held by account %s (%s)", w, address, box.id, box.name)
		}
	}
	box := m.accounts[w.Account]
	box.name, box.aliases = w.Name, slices.Clone(w.Addresses)
}

// deleteBox checks the first of all rules at the moment of the delete.
func (m *model) deleteBox(a Action) {
	box := m.accounts[a.Account]
	if box == nil {
		m.report("delete of account %s that does not exist", a.Account)
		return
	}
	if m.people[a.StableID] != nil {
		m.report("delete of account %s although its owner %s is in the directory", a.Account, a.StableID)
	}
	for _, p := range m.people {
		for _, address := range append([]string{p.name}, p.aliases...) {
			if address == box.name || slices.Contains(box.aliases, address) {
				m.report("delete of account %s although %s carries %s", a.Account, p.id, address)
			}
		}
	}
	if box.admin {
		m.report("delete of the administrator's account %s", a.Account)
	}
	for id := range box.mail {
		if m.people[id] != nil && box.seen[id] {
			m.report("delete of account %s that holds mail of the living %s", a.Account, id)
		}
	}
	delete(m.accounts, a.Account)
	m.deleted = append(m.deleted, a.Account)
}
