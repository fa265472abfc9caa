package reconcile_test

import (
	"slices"

	. "syncagent/internal/reconcile"
)

// undo is a person who takes the last run back. Nothing of it may lead anybody
// to what was made for somebody else.
func (m *model) undo() {
	done := slices.Clone(m.done)
	if len(done) == 0 {
		return
	}
	m.note("a person takes the last run back")
	m.done = nil
	m.carryOrder(func(f Facts) Decision { return DecideUndo(f, done) }, func(a Action) {
		if a.Kind != ActRename && a.Kind != ActResume {
			m.report("an undo makes a %s of account %s", a.Kind, a.Account)
		}
	})
}

// letGo is a person who ends the holds of an undo.
func (m *model) letGo() {
	for ref, p := range m.ledger {
		if row, ok := LetGo(p); ok {
			m.note("a person lets %s go", ref.ID)
			m.ledger[ref] = row
		}
	}
}

// claim is a person who lists an account as an orphan, right or wrong: whatever
// a look at the directory and the ledger tells to be wrong is refused.
func (m *model) claim() {
	if len(m.boxes) == 0 {
		return
	}
	box := m.boxes[m.below(len(m.boxes))]
	wrong := m.linked(box.id) || m.untouchable(box) || slices.ContainsFunc(box.identities(), func(a string) bool { return !m.free(a) })
	alive := m.people[box.owner] != nil
	for id := range box.mail {
		alive = alive || m.people[id] != nil
	}
	if alive && !wrong {
		return // nobody but that person can know
	}
	m.note("a person claims %s %s, wrongly: %v", box.id, box.name, wrong)
	c := Claim{Account: box.id, Name: box.name, Created: m.account(box).Created}
	m.carryOrder(func(f Facts) Decision { return DecideClaims(f, pick(m, modelSources...), []Claim{c}) }, func(a Action) {
		if wrong || a.Kind != ActClaim {
			m.report("%s of account %s, which is not an orphan", a.Kind, a.Account)
		}
	})
}

// carryOrder plans what a person ordered, carries out what the guards let pass,
// and checks that it opens no way to a stranger's mail.
func (m *model) carryOrder(decide func(Facts) Decision, check func(Action)) {
	m.recover()
	f := m.facts(m.snapshots(reading{}), true)
	d := decide(f)
	for _, ref := range d.WantRechecks {
		f.Rechecks[ref] = m.recheckOrdered(ref)
	}
	d = decide(f)
	for _, h := range d.Plan.Holds {
		m.note("  hold %s %s %s: %s", h.Code, h.StableID, h.Account, h.Message)
		m.tally["order held "+h.Code]++
	}
	before, done := m.routes(true), map[int]bool{}
	for group := range runnable(d, done) {
		for _, a := range group {
			check(a)
			if box := m.accounts[a.Account]; box == nil || m.untouchable(box) {
				m.report("an order makes a %s of %+v", a.Kind, box)
			}
		}
		m.carryOut(group, 1000)
		m.settled("order ", d, group, done)
		for _, a := range group {
			if a.Kind == ActClaim { // the sources were read to their ends, and asked again
				m.absent[PrincipalRef{Source: a.Source, ID: a.StableID}] = &absence{since: m.now, reads: 1}
			}
		}
	}
	for _, one := range m.sortedRoutes() {
		if !before[one] && m.claims(one.address) < 2 {
			m.report("the order lets %s open account %s, made for %s, as %s", one.person, one.account, m.accounts[one.account].owner, one.address)
		}
	}
}

// recheckOrdered asks the directory about the owner of an account, or about an
// account that nobody is linked to.
func (m *model) recheckOrdered(ref PrincipalRef) Recheck {
	if _, known := m.ledger[ref]; known {
		return m.recheck(ref)
	}
	r := Recheck{ID: PresenceAbsent, Identity: PresenceAbsent}
	for _, box := range m.boxes {
		if OrphanID(box.id) == ref.ID && slices.ContainsFunc(box.identities(), func(a string) bool { return !m.free(a) }) {
			r.Identity = PresenceFound
		}
	}
	return r
}

// checkHeld checks that what an undo holds on to is not touched before its
// entry changes.
func (m *model) checkHeld(a Action, row Principal, r reading) {
	p := m.people[a.StableID]
	if row.HeldEntry.IsZero() || a.Kind == ActExport || row.Link.Account != a.Account || p == nil || r.stale != "" {
		return
	}
	if a.Kind == ActPark && m.claims(a.From) > 0 {
		return // its name is another person's now, who would open it
	}
	if HeldHash(m.entry(p)) == row.HeldEntry {
		m.report("%s of %s, which was taken back and whose entry did not change", a.Kind, a.StableID)
	}
}
