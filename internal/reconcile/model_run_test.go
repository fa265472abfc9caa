package reconcile_test

import (
	"iter"
	"slices"
	"time"

	. "syncagent/internal/reconcile"
)

const graceOfApproval = 24 * time.Hour

// trouble is what goes wrong while a run writes: it is killed once so many of
// its writes were made (what it had begun is in the journal then), or one write
// of so many is refused.
type trouble struct {
	kill   int // 0: never
	refuse int // one of so many, 0: none
}

// run is one run of the agent.
func (m *model) run(r reading, bad trouble) Decision {
	m.note("run %+v %+v", r, bad)
	m.recover()
	for _, b := range m.boxes {
		if _, ok := m.lastAcc[b.id]; !ok {
			m.lastAcc[b.id], m.lacked[b.id] = m.now, m.listed
		}
	}
	m.listed = m.now
	m.witness(r)
	before := m.routes(false)
	m.was, m.unchanged = map[StableID]string{}, map[StableID]bool{}
	for id, p := range m.people {
		m.unchanged[id] = m.ledger[PrincipalRef{Source: p.source, ID: id}].Entry == HashEntry(m.entry(p), "")
	}
	for ref, p := range m.ledger {
		m.was[ref.ID] = p.Name
	}
	decision := m.decide(m.snapshots(r), false)
	m.countAbsences(r, decision)
	m.write(decision.Record)
	meant := map[string]string{}
	for name, s := range m.states {
		meant[name] = s.Fingerprint
	}
	for _, s := range decision.Sources {
		m.states[s.Name] = s
	}
	for _, h := range decision.Plan.Holds {
		m.note("  hold %s %s %s: %s", h.Code, h.StableID, h.Account, h.Message)
	}
	for _, b := range decision.Plan.Verdict.Reasons {
		m.note("  block %s %s %s: %s", b.Source, b.Stage, b.Code, b.Message)
	}
	whole := m.execute(decision, r, bad)
	for _, s := range decision.Plan.Sources {
		whole = whole && len(s.Reasons) == 0
	}
	m.adopted(meant)
	m.last, m.lastWhole = decision, whole && r.whole()
	m.checkRoutes(before, decision, m.lastWhole, r.stale != "")
	for _, h := range decision.Plan.Holds {
		m.tally["hold "+h.Code]++
	}
	for _, b := range decision.Plan.Verdict.Reasons {
		m.tally["block "+b.Code]++
	}
	m.tally["runs"]++
	return decision
}

// recover settles what a killed run left in the journal.
func (m *model) recover() {
	for _, a := range m.journal {
		p, known := m.ledger[PrincipalRef{Source: a.Source, ID: a.StableID}]
		found, now := m.ask(a)
		if !known {
			continue
		}
		if now == nil {
			now = &Account{ID: a.Account, Name: a.To}
		}
		m.write(Recovered(a, found, p, m.rules, *now, m.now))
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
	for _, t := range e.Tombstones {
		m.bury(t)
	}
}

// bury keeps one tombstone for a key and owner, as the ledger does.
func (m *model) bury(t Tombstone) {
	for i, old := range m.graves {
		if old.Key != t.Key || old.Owner != t.Owner {
			continue
		}
		if t.Account != old.Account {
			t.Account = ""
		}
		if t.Text == "" {
			t.Text = old.Text
		}
		m.graves[i] = t
		return
	}
	m.graves = append(m.graves, t)
}

// execute carries out what is allowed, group by group, and tells whether all of
// it was done. A group that is killed or refused was written in part.
func (m *model) execute(d Decision, r reading, bad trouble) bool {
	done, whole := map[int]bool{}, true
	m.done = nil
	for group := range runnable(d, done) {
		m.checkAction(group, r)
		m.checkUndone(group)
		if bad.refuse > 0 && m.below(bad.refuse) == 0 {
			m.note("refused: %s %s>%s", group[0].Kind, group[0].From, group[0].To)
			m.carryOut(group, m.below(2))
			m.journal, whole = group, false
			m.recover()
			continue
		}
		upto := 1000
		if bad.kill > 0 {
			upto = bad.kill - 1
		}
		made, finished := m.carryOut(group, upto)
		if bad.kill > 0 {
			bad.kill -= made
			if !finished || bad.kill <= 1 {
				m.note("killed after %d writes of %s %s>%s", made, group[0].Kind, group[0].From, group[0].To)
				m.journal = group
				return false
			}
		}
		m.checkDone(group, d.Effects)
		m.done = append(m.done, group...)
		m.settled("", d, group, done)
	}
	return whole
}

// runnable gives the groups of a plan in their order, each when its turn comes,
// as far as the guards and what was done before let them run.
func runnable(d Decision, done map[int]bool) iter.Seq[[]Action] {
	return func(yield func([]Action) bool) {
		for i := 0; i < len(d.Plan.Actions); {
			group := []Action{d.Plan.Actions[i]}
			for i++; i < len(d.Plan.Actions) && group[0].Group != 0 && d.Plan.Actions[i].Group == group[0].Group; i++ {
				group = append(group, d.Plan.Actions[i])
			}
			if ready(d, group, done) && !yield(group) {
				return
			}
		}
	}
}

// settled notes that a group was carried out, counted under a word before its
// kind.
func (m *model) settled(word string, d Decision, group []Action, done map[int]bool) {
	for _, a := range group {
		done[a.Seq] = true
		m.tally[word+string(a.Kind)]++
		m.recent = append(m.recent, PastAction{Kind: a.Kind, Source: a.Source, Domain: Domain(a.From), At: m.now, Approved: a.Approved})
		m.write(d.Effects[a.Seq])
	}
}

// ready tells whether the guards and the actions before let a group run.
func ready(d Decision, group []Action, done map[int]bool) bool {
	for _, a := range group {
		if !d.Allowed[a.Source][a.Stage] {
			return false
		}
		for _, seq := range a.After {
			if !done[seq] {
				return false
			}
		}
	}
	return true
}

// carryOut makes at most upto writes, and tells how many it made and whether
// those were all.
func (m *model) carryOut(group []Action, upto int) (int, bool) {
	if upto <= 0 {
		return 0, false
	}
	for _, a := range group {
		m.note("%s %s of %s: %s>%s via %s %v>%v: %s", a.Kind, a.Account, a.StableID, a.From, a.To, a.Via, a.Addresses.From, a.Addresses.To, a.Reason)
	}
	switch a := group[0]; a.Kind {
	case ActDelete:
		m.deleteBox(a)
	case ActDestroyTwin:
		m.destroyTwin(a)
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
