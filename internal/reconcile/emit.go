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
		if m.twin {
			d.emitTwin(m)
		}
	}
	d.retryTwins()
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

// action is what a move does, as an action without a place in the plan.
func (m *move) action() Action {
	before := *m.acc
	return Action{
		Kind: m.kind, Source: m.ref.Source, StableID: m.ref.ID, Account: m.acc.ID,
		From: m.acc.Name, To: m.to, Via: m.via, Reason: m.why, Group: m.group, Before: &before,
		Addresses: AddressChange{From: orEmpty(m.acc.Addresses), To: orEmpty(m.addresses)},
	}
}

func (d *decider) emitMove(m *move) {
	a := m.action()
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

// emitTwin looks into a twin once it is aside, and brings its mail over where
// that is wanted and can be done.
func (d *decider) emitTwin(m *move) {
	merge := d.sources[m.ref.Source].Policy.Twin == TwinMerge
	if merge && (!d.Can.Look || d.Can.NoMerge != "") {
		why := d.Can.NoMerge
		if why == "" {
			why = "our rights on the server do not allow to look into it"
		}
		d.hold(HoldTwinMergeUnsupported, m.ref, m.acc.ID, m.to, "it stays aside unless it is empty: "+why)
		merge = false
	}
	if !d.Can.Look {
		if s := d.sources[m.ref.Source]; s.Policy.Twin != TwinMerge {
			d.hold(HoldTwinUnproven, m.ref, m.acc.ID, m.to, "it stays aside: our rights on the server do not allow to look into it")
		}
		return
	}
	if a, ok := DestroyAside(d.actions[m.seq-1], merge); ok {
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
	if d.sources[r.row.Source].Policy.ExportRequired {
		a.Kind, a.Reason = ActExport, "an archive is required before the delete"
		after = []int{d.add(a, Effect{})}
	}
	row, _ := d.working(r.row.Ref())
	a.Kind, a.After, a.Approved = ActDelete, after, d.deleteCovered(r.row, d.sources[r.row.Source])
	if a.Approved {
		a.Approval = r.row.Miss.Cover.Approval
	}
	a.Reason = "the person has left the directory, and the grace is over"
	d.add(a, Effect{Principals: []Principal{goneRow(row)}, Tombstones: d.gravesOf(&row)})
}

func orEmpty(in []string) []string {
	if in == nil {
		return []string{}
	}
	return in
}
