package reconcile

import (
	"maps"
	"slices"
)

// emit turns moves and removals into actions with their effects, and notes the
// rows to record at once.
func (d *decider) emit() {
	var protect, rename []*move
	for _, m := range d.finalMoves() {
		if StageOf(m.kind) == StageProtect {
			protect = append(protect, m)
		} else {
			rename = append(rename, m)
		}
	}
	slices.SortFunc(protect, compareMoves)
	d.decideHeldAgain()
	d.recordWishes()
	d.recordMixed()
	for _, m := range protect {
		d.emitMove(m)
	}
	d.suspendMissing()
	ordered := d.orderRenames(rename)
	d.groupTwins(ordered)
	for _, m := range ordered {
		d.emitMove(m)
	}
	for _, m := range ordered {
		if m.twin && d.Can.Look {
			d.emitTwin(m)
		}
	}
	d.deleteMissing()
	d.linkOrder()
}

// finalMoves gives the moves that are made: what was wished and can be had,
// and what others have to give.
func (d *decider) finalMoves() []*move {
	var out []*move
	for _, id := range d.moveOrder() {
		m := d.moves[id]
		p := d.provided[id]
		if m.held || (p != nil && (p.kind == ActPark || p.kind == m.kind)) {
			continue
		}
		out = append(out, m)
	}
	for _, id := range slices.SortedFunc(maps.Keys(d.provided), CompareAccountIDs) {
		out = append(out, d.provided[id])
	}
	return out
}

// decideHeldAgain makes every entry for which something is held "changed" at
// the next read, so that the hold is told, and decided, again.
func (d *decider) decideHeldAgain() {
	for _, h := range d.holds {
		if w := d.wishes[PrincipalRef{h.Source, h.StableID}]; w != nil {
			w.row.Entry = Hash{}
		}
	}
}

// recordWishes notes what the ledger learns whatever becomes of the actions.
func (d *decider) recordWishes() {
	for _, ref := range d.order {
		w := d.wishes[ref]
		if w == nil {
			continue
		}
		if w.old == nil || w.old.State == StateGone || !w.old.Bound() {
			if w.write {
				d.record(w.row)
			}
			continue
		}
		d.recordBound(w)
	}
}

func (d *decider) recordBound(w *wish) {
	m := d.moves[w.old.Link.Account]
	moving := m != nil && !m.held && (m.kind == ActRename || m.kind == ActResume)
	switch {
	case moving || w.held || w.waits:
		d.recordWaiting(w)
	case w.entry != nil || w.write:
		row := w.row
		if m != nil && m.kind == ActSuspend {
			row.Entry = Hash{} // tried again until it is done
		}
		d.record(row)
	}
}

// recordWaiting keeps the row of an entry whose wish is not fulfilled yet: it
// is back, whatever else has to wait, and a wish for a new name is noted with
// the last complete read in which the old name was seen.
func (d *decider) recordWaiting(w *wish) {
	row := *w.old
	back := row.State == StateMissing || row.Miss.Unconfirmed
	if back {
		row.State, row.Miss, row.LastSeen, row.Waiting, row.Entry = StateActive, Miss{}, timeZero, timeZero, Hash{}
	}
	if w.waits {
		if row.Waiting.IsZero() && !back {
			row.LastSeen = d.sources[w.ref.Source].State.LastComplete
		}
		row.Waiting, row.Entry = d.Now, waitMark(d.hash(w.name))
	}
	if back || w.waits {
		d.record(row)
	}
}

// record notes a row to write whatever becomes of the actions.
func (d *decider) record(p Principal) { d.now[p.Ref()] = &p }

// working gives the row of a principal as it is after what was emitted so far.
func (d *decider) working(ref PrincipalRef) (Principal, bool) {
	if p, ok := d.latest[ref]; ok {
		return p, true
	}
	if p, ok := d.now[ref]; ok {
		return *p, true
	}
	if p, ok := d.principals[ref]; ok {
		return *p, true
	}
	return Principal{}, false
}

func (d *decider) emitMove(m *move) {
	before := *m.acc
	a := Action{
		Kind: m.kind, Source: m.ref.Source, StableID: m.ref.ID, Account: m.acc.ID,
		From: m.acc.Name, To: m.to, Via: m.via, Reason: m.why, Group: m.group, Before: &before,
		Addresses: AddressChange{From: orEmpty(m.acc.Addresses), To: orEmpty(m.addresses)},
	}
	if m.twin {
		a.Reason = "twin: " + m.why
	}
	m.seq = d.add(a, d.effectOf(m))
}

func (d *decider) add(a Action, e Effect) int {
	a.Seq, a.Stage = len(d.actions)+1, StageOf(a.Kind)
	d.actions = append(d.actions, a)
	d.effects[a.Seq] = e
	for _, p := range e.Principals {
		d.latest[p.Ref()] = p
	}
	return a.Seq
}

// effectOf tells what the ledger learns from a move once it is done.
func (d *decider) effectOf(m *move) Effect {
	if m.twin {
		return Effect{}
	}
	row, known := d.working(m.ref)
	if m.kind == ActRename || m.kind == ActResume {
		row, known = m.wish.row, true
	}
	if !known {
		return Effect{} // an account that nobody is linked to
	}
	e := Effect{}
	before := *m.acc
	switch m.kind {
	case ActRename, ActResume:
		row.NameLackedAt = d.sources[m.ref.Source].State.LastComplete
		e.Tombstones = d.gravesOfChange(m)
		row.Link.Name, row.Dropped, row.Waiting, row.LastSeen = m.to, nil, timeZero, timeZero
		if d.sameName(m.to, m.wish.name) {
			row.Name = m.wish.name
		}
		if m.kind == ActResume {
			row.Access, row.Before = AccessOpen, nil
		}
	case ActPark:
		e.Tombstones = d.gravesOfChange(m)
		if row.Before == nil {
			row.Before = &before
		}
		row.Access, row.Link.Name = AccessParked, m.to
		row.Mixed = row.Mixed || m.mixed
	case ActRelease:
		e.Tombstones = d.gravesOfChange(m)
		gone := func(key Hash) bool {
			return !slices.ContainsFunc(m.addresses, func(a string) bool { return d.hash(a) == key })
		}
		row.Addresses = slices.DeleteFunc(slices.Clone(row.Addresses), func(key Hash) bool { return d.held(m.acc, key) && gone(key) })
		row.Dropped = slices.DeleteFunc(slices.Clone(row.Dropped), func(x AddressDrop) bool { return gone(x.Address) })
	case ActSuspend:
		row.Access, row.Before = AccessSuspended, &before
		if m.wish != nil {
			row.Entry = m.wish.row.Entry
		}
	case ActDestroyTwin, ActRelink, ActExport, ActDelete, ActPurge:
	}
	e.Principals = []Principal{row}
	return e
}

// held tells whether an account holds a key as an address.
func (d *decider) held(acc *Account, key Hash) bool {
	return slices.ContainsFunc(acc.Addresses, func(a string) bool { return d.hash(a) == key })
}

// groupTwins binds the step aside of a twin to the rename that takes its name.
func (d *decider) groupTwins(ordered []*move) {
	next := 0
	for _, m := range ordered {
		next = max(next, m.group)
	}
	for _, m := range ordered {
		if !m.twin {
			continue
		}
		for _, taker := range ordered {
			if taker.ref == m.twinOf && !taker.twin {
				if taker.group == 0 {
					next++
					taker.group = next
				}
				m.group = taker.group
			}
		}
	}
}

func (d *decider) emitTwin(m *move) {
	if a, ok := DestroyAside(d.actions[m.seq-1]); ok {
		a.After = []int{m.seq}
		d.add(a, Effect{})
	}
}

func (d *decider) suspendMissing() {
	for _, r := range d.removes {
		if r.kind != ActSuspend {
			continue
		}
		m := &move{
			kind: ActSuspend, acc: r.acc, ref: r.row.Ref(), to: r.acc.Name, addresses: r.acc.Addresses,
			why: "the person has left the directory",
		}
		d.emitMove(m)
	}
}

func (d *decider) deleteMissing() {
	slices.SortFunc(d.removes, func(a, b *removal) int { return CompareAccountIDs(a.acc.ID, b.acc.ID) })
	for _, r := range d.removes {
		if r.kind != ActDelete {
			continue
		}
		d.deleteOne(r)
	}
}

func (d *decider) deleteOne(r *removal) {
	before := *r.acc
	a := Action{
		Source: r.row.Source, StableID: r.row.ID, Account: r.acc.ID, From: r.acc.Name, Before: &before,
		Addresses: AddressChange{From: orEmpty(r.acc.Addresses), To: []string{}},
	}
	var after []int
	if d.sources[r.row.Source].Policy.ExportRequired && !d.Archived[r.acc.ID] {
		a.Kind, a.Reason = ActExport, "an archive is required before the delete"
		after = []int{d.add(a, Effect{})}
	}
	row, _ := d.working(r.row.Ref())
	a.Kind, a.After = ActDelete, after
	a.Reason = "the person has left the directory, and the grace is over"
	d.add(a, Effect{Principals: []Principal{goneRow(row)}, Tombstones: d.gravesOf(&row)})
}

// linkOrder writes down which actions must be done before which.
func (d *decider) linkOrder() {
	freed := map[AccountID]int{}
	for i := range d.actions {
		a := &d.actions[i]
		for _, name := range append([]string{a.To}, a.Addresses.To...) {
			if seq := freed[d.owner[d.hash(name)]]; name != "" && seq != 0 && d.owner[d.hash(name)] != a.Account {
				a.After = append(a.After, seq)
			}
		}
		if seq := freed[a.Account]; seq != 0 && seq != a.Seq {
			a.After = append(a.After, seq)
		}
		freed[a.Account] = a.Seq
		slices.Sort(a.After)
		a.After = slices.Compact(a.After)
		if a.After == nil {
			a.After = []int{}
		}
	}
	d.dropGroupOrder()
}

// dropGroupOrder leaves out what members of one group would wait for in each
// other: one request carries them out.
func (d *decider) dropGroupOrder() {
	for i := range d.actions {
		a := &d.actions[i]
		if a.Group == 0 {
			continue
		}
		a.After = slices.DeleteFunc(a.After, func(seq int) bool { return d.actions[seq-1].Group == a.Group })
	}
}

func orEmpty(in []string) []string {
	if in == nil {
		return []string{}
	}
	return in
}
