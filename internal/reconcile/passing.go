package reconcile

import (
	"fmt"
	"maps"
	"slices"
)

// ServerView is what one server of a source shows of one entry.
type ServerView struct {
	// Server is its URL without secrets.
	Server string
	// Found tells whether the entry is there, Names what it is called in all forms
	// (map.name and map.name_also): each of them opens an account.
	Found bool
	Names []string
}

// holdPassing lets names wait that pass from one living person to another while
// some server of the directory still gives the old state: a mail server that
// asks such a server opens the mailbox of the one to the other. After one run
// of waiting the name moves anyway: a server that never catches up must not
// stop it for ever.
func (d *decider) holdPassing() {
	var waiting []*move
	for _, id := range d.moveOrder() {
		m := d.moves[id]
		if m.kind != ActRename || m.held || m.wish == nil || d.waitedOneRun(m.wish) {
			continue
		}
		giver, passes := d.passesFrom(m)
		if !passes {
			continue
		}
		if why := d.disagree(m, giver); why != "" {
			d.holdMove(m, HoldRenameWaiting, why)
			waiting = append(waiting, m)
		}
	}
	for _, m := range waiting {
		m.held = true
	}
}

func (d *decider) waitedOneRun(w *wish) bool {
	return w.old != nil && !w.old.Waiting.IsZero() && w.old.awaited() == waitMark(d.hash(w.name))
}

// passesFrom gives the living person whose account gives up the name that a
// rename takes.
func (d *decider) passesFrom(m *move) (PrincipalRef, bool) {
	key := d.hash(m.to)
	id, taken := d.owner[key]
	giver, linked := d.linked[id]
	other := d.moves[id]
	if !taken || !linked || id == m.acc.ID || giver.samePersonAs(m.ref) || other == nil || other.held || !d.frees(other, key) {
		return PrincipalRef{}, false
	}
	return giver, d.hash(d.accounts[id].Name) == key
}

// disagree says which server still gives the old state of a name that passes,
// "" if none does. What was not asked for yet is wanted.
func (d *decider) disagree(m *move, giver PrincipalRef) string {
	why := ""
	taker, giver := m.ref.Person(), giver.Person()
	for _, ref := range []PrincipalRef{taker, giver} {
		if s := d.sources[ref.Source]; s == nil || s.Servers <= 1 {
			continue
		}
		views, asked := d.OnServers[ref]
		if !asked {
			d.wantServers[ref] = true
			why = "the other servers of the directory were not asked yet"
			continue
		}
		for _, v := range views {
			bears := slices.ContainsFunc(v.Names, func(name string) bool { return d.sameName(name, m.to) })
			if bears != (ref == taker) && why == "" {
				why = fmt.Sprintf("the name passes from %s to %s, but %s still gives the old state of %s; the rename waits for it during one run",
					giver.ID, taker.ID, v.Server, ref.ID)
			}
		}
	}
	return why
}

// waitsForServers tells that the rename of an account waits in holdPassing.
func (d *decider) waitsForServers(acc *Account) bool {
	m := d.moves[acc.ID]
	return m != nil && m.held && d.moveHolds[acc.ID].Code == HoldRenameWaiting
}

func sortedRefs(set map[PrincipalRef]bool) []PrincipalRef {
	return slices.SortedFunc(maps.Keys(set), compareRefs)
}
