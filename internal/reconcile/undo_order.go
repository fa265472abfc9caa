package reconcile

import (
	"fmt"
	"slices"
)

// settleNames leaves out whatever needs a name that another account keeps. One
// that is left out may keep another one's name, so this goes on until nothing
// changes.
func (u *undoer) settleNames() {
	for again := true; again; {
		again = false
		for _, id := range u.moveOrder() {
			m := u.moves[id]
			if holder, kept := u.keeper(m, m.to); kept {
				u.leaveOut(m, fmt.Sprintf("account %s (%s) has the name %s now", holder.ID, holder.Name, m.to))
				again = true
			}
		}
	}
	for _, id := range u.moveOrder() {
		m := u.moves[id]
		m.addresses = slices.DeleteFunc(slices.Clone(m.addresses), func(address string) bool {
			holder, kept := u.keeper(m, address)
			if kept {
				u.hold(HoldNotUndone, m.ref, m.acc.ID, address, fmt.Sprintf("account %s (%s) has the address now; it is not given back", holder.ID, holder.Name))
			}
			return kept
		})
	}
}

// keeper gives the other account that has a name and does not give it up here.
func (u *undoer) keeper(m *move, name string) (*Account, bool) {
	key := u.hash(name)
	id, owned := u.owner[key]
	if !owned || id == m.acc.ID {
		return nil, false
	}
	other := u.moves[id]
	return u.accounts[id], other == nil || !u.frees(other, key)
}

func (u *undoer) leaveOut(m *move, message string) {
	u.hold(HoldNotUndone, m.ref, m.acc.ID, m.acc.Name, message)
	delete(u.moves, m.acc.ID)
}

// emitAll plans the moves in an order in which each name is free when its turn
// comes. One that gives access back cannot be part of a circle: that takes more
// than one kind of call.
func (u *undoer) emitAll() {
	for {
		ordered := u.orderRenames(u.allMoves())
		bad := slices.IndexFunc(ordered, func(m *move) bool { return m.group != 0 && m.kind == ActResume })
		if bad < 0 {
			for _, m := range ordered {
				u.emitBack(m)
			}
			return
		}
		u.leaveOut(ordered[bad], "its name and those of others would have to be exchanged in a circle, which an undo does not do while access is cut; rename it by hand")
		for _, m := range u.moves {
			m.group, m.via = 0, ""
		}
		u.settleNames()
	}
}

func (u *undoer) allMoves() []*move {
	var out []*move
	for _, id := range u.moveOrder() {
		out = append(out, u.moves[id])
	}
	return out
}

func (u *undoer) emitBack(m *move) {
	a := m.action()
	e := Effect{Tombstones: u.gravesOfChange(m)}
	if row, ok := u.principals[m.ref]; ok && row.Link.Account == m.acc.ID && row.State != StateGone {
		back := *row
		back.HeldEntry = u.holdsOn(m.ref)
		if mark := row.awaited(); !mark.IsZero() {
			e.Tombstones = append(e.Tombstones, u.graveOfWait(row))
		}
		back.Dropped = nil
		back.letGoOf(row.Name, m.to, u.Rules, u.Now)
		back.Link.Name = m.to
		if !u.sameName(m.to, m.acc.Name) {
			back.Name = m.to
		}
		if m.kind == ActResume {
			back.Access, back.Before = AccessOpen, nil
		}
		a.HeldEntry = back.HeldEntry.String()
		e.Principals = []Principal{back}
	}
	u.add(a, e)
}

// holdsOn gives what must change before the principal is touched again: its
// entry, or its absence.
func (u *undoer) holdsOn(ref PrincipalRef) Hash {
	if c, ok := u.changed[ref]; ok {
		return HeldHash(c.Entry)
	}
	return heldAbsent
}

// LetGo gives a principal that an undo holds on to without that hold, to be
// decided anew at the next read; false if no undo holds it.
func LetGo(p Principal) (Principal, bool) {
	if p.HeldEntry.IsZero() || p.HeldEntry == heldClaimed {
		return p, false
	}
	p.HeldEntry, p.Entry = Hash{}, Hash{}
	return p, true
}
