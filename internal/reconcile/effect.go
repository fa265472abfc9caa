package reconcile

import "slices"

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
		} else if waiting, ok := d.working(m.ref); ok { // resumed under the name that it has
			row.Entry, row.Waiting, row.LastSeen = waiting.Entry, waiting.Waiting, waiting.LastSeen
		}
		if d.disabled(m.wish) {
			row.Entry = row.awaited() // suspended at the next read, under the new name
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
	case ActDestroyTwin, ActRelink, ActClaim, ActExport, ActDelete, ActPurge:
	}
	e.Principals = []Principal{row}
	return e
}

// held tells whether an account holds a key as an address.
func (d *decider) held(acc *Account, key Hash) bool {
	return slices.ContainsFunc(acc.Addresses, func(a string) bool { return d.hash(a) == key })
}
