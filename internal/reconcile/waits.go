package reconcile

import (
	"maps"
	"slices"
	"time"
)

// waitMark stands in the ledger instead of an entry's hash while the entry
// waits for a new name: it is no entry's hash, so the entry is decided again,
// and it tells whether the wish is still the same.
func waitMark(name Hash) Hash { return HashOf("waits for " + name.String()) }

// awaited gives the mark of the name that a principal waits for, or waited for
// when it was last seen; zero if there is none. The row of somebody who waits or
// is missing keeps no other hash, so this is also what stands in a row whose
// entry is to be decided again.
func (p *Principal) awaited() Hash {
	if p.Waiting.IsZero() && p.LastSeen.IsZero() && p.State != StateMissing && !p.Miss.Unconfirmed {
		return Hash{}
	}
	return p.Entry
}

// awaits notes that a living entry bears a name that its account does not have
// yet, whatever it has to wait for: the server may make an account of that name
// for it meanwhile.
func (d *decider) awaits(w *wish) (again bool) {
	again = w.old.awaited() == waitMark(d.hash(w.name))
	w.waits = w.waits || !again || w.old.Waiting.IsZero()
	return again
}

// stillAwaits makes a row that is given another account or ID be decided again,
// and notes the name that the entry bears if it is not the one in the row.
func (d *decider) stillAwaits(row *Principal, w *wish) {
	row.Entry, row.Waiting = Hash{}, timeZero
	if w.name != "" && !d.sameName(w.name, row.Name) {
		row.Entry, row.Waiting = waitMark(d.hash(w.name)), d.Now
	}
}

// letGoOf makes a row be decided again whose account an undo gives another name;
// the entry of somebody who is there bears the former name still.
func (p *Principal) letGoOf(name, to string, rules NameRules, at time.Time) {
	p.Entry, p.Waiting = Hash{}, timeZero
	if p.State == StateActive && name != "" && rules.Key(name) != rules.Key(to) {
		p.Entry, p.Waiting = waitMark(rules.Hash(name)), at
	}
}

// buryWaits remembers who waited for which name until now: the wish is another
// one now, or is withdrawn, and an account made meanwhile may be theirs.
func (d *decider) buryWaits() {
	for _, ref := range slices.SortedFunc(maps.Keys(d.now), compareRefs) {
		old := d.principals[ref]
		if old == nil {
			continue
		}
		if mark := old.awaited(); !mark.IsZero() && d.now[ref].Entry != mark {
			d.buried = append(d.buried, d.graveOfWait(old))
		}
	}
}

// graveOfWait is a tombstone under the mark itself: the row does not tell the
// name.
func (d *decider) graveOfWait(p *Principal) Tombstone {
	return Tombstone{Key: p.awaited(), Owner: p.Ref(), Since: d.Now}
}

// boreItSince tells that another ID bears the entry's name in the ledger, or
// bore it after an account was made: then the account's age proves nothing.
func (d *decider) boreItSince(w *wish, acc *Account) bool {
	key := d.hash(w.name)
	for _, p := range d.principals {
		left := p.Miss.Reads > 0 && d.younger(acc, p.Miss.Since) // before the account was made
		bears := p.Name != "" && d.hash(p.Name) == key || p.awaited() == waitMark(key)
		if p.State != StateGone && p.Ref() != w.ref && bears && !left {
			return true
		}
	}
	others := func(t Tombstone) bool {
		return t.Owner != w.ref && (t.Account == "" || t.Account == acc.ID) && !d.younger(acc, t.Since)
	}
	return slices.ContainsFunc(d.graves[key], func(t Tombstone) bool { return t.Text != "" && others(t) }) ||
		slices.ContainsFunc(d.graves[waitMark(key)], others)
}
