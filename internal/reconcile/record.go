package reconcile

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
	back := row.State == StateMissing || row.Miss.Unconfirmed || !row.Miss.Cover.IsZero()
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
