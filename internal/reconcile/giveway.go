package reconcile

import (
	"fmt"
	"slices"
	"time"
)

// giveWay makes an account give up a key that a living entry wants, or holds
// the wish and says why.
func (d *decider) giveWay(w *wish, key Hash, acc *Account) bool {
	if m := d.moves[acc.ID]; m != nil && !m.held && d.frees(m, key) {
		return true
	}
	if p := d.provided[acc.ID]; p != nil && d.frees(p, key) {
		return true
	}
	no := func(code, message string) bool {
		d.hold(code, w.ref, w.row.Link.Account, w.name, message)
		return false
	}
	if d.judged[w.ref.Source].firstRun {
		return no(HoldAccountUnproven, fmt.Sprintf("account %s has this name or address; the first run changes nothing", acc.ID))
	}
	if d.otherAccountOf(w.ref, acc) {
		return no(HoldNameTaken, fmt.Sprintf("account %s has it, which is another account of the same person", acc.ID))
	}
	holder, linked := d.linked[acc.ID]
	byName := d.hash(acc.Name) == key
	if why, stop := d.untouchable(acc, holder); stop {
		return no(HoldNameTaken, fmt.Sprintf("account %s has this name or address and is not touched: %s", acc.ID, why))
	}
	if code, why := d.immovable(acc); code != "" {
		if byName && key == d.hash(w.name) {
			return no(HoldNameReused, fmt.Sprintf("whoever logs in as %s opens account %s, and it cannot be moved aside: %s", w.name, acc.ID, why))
		}
		return no(code, fmt.Sprintf("account %s has this name or address: %s", acc.ID, why))
	}
	if !linked {
		return d.giveWayUnlinked(w, acc, byName && key == d.hash(w.name), no)
	}
	q := d.principals[holder]
	if q == nil { // linked in this very run: its entry is living
		q = &d.wishes[holder].row
	}
	switch {
	case !d.usable(holder.Source):
		return no(HoldSourceIncomplete, fmt.Sprintf("account %s is that of an entry of source %s, which could not be read", acc.ID, holder.Source))
	case d.living(q):
		return d.giveWayLiving(w, key, acc, q, byName, no)
	case byName:
		return d.nameReused(w, acc, q, no)
	default:
		d.provideRelease(acc, holder, key, "the address now belongs to another entry; its owner here is missing")
		return true
	}
}

func (d *decider) giveWayLiving(w *wish, key Hash, acc *Account, q *Principal, byName bool, no func(string, string) bool) bool {
	if c, claims := d.claimedBy(key, q.Ref()); claims {
		if !c.name || !byName {
			return no(HoldAddressConflict, fmt.Sprintf("account %s belongs to %s, whose entry carries it, too", acc.ID, q.ID))
		}
		return no(HoldNameConflict, fmt.Sprintf("account %s belongs to %s, whose entry carries it, too", acc.ID, q.ID))
	}
	switch {
	case byName && d.waitsForServers(acc):
		return no(HoldRenameWaiting, fmt.Sprintf("account %s of %s gives the name up once the servers of the directory agree; that is waited for during one run", acc.ID, q.ID))
	case byName && key != d.hash(w.name):
		return no(HoldAddressTaken, fmt.Sprintf("account %s still has this as its name, because the rename of its owner %s has to wait", acc.ID, q.ID))
	case byName && !d.sources[q.Source].Policy.Park:
		return no(HoldNameReused, fmt.Sprintf("account %s still holds the mail of %s, whose rename has to wait: whoever logs in as %s opens it", acc.ID, q.ID, w.name))
	case byName:
		d.park(acc, q.Ref(), "its owner's entry left the name, but its rename is held, and the name is another person's now")
		return true
	}
	if !d.sources[q.Source].Policy.AddressesMapped {
		return no(HoldAddressUnproven, fmt.Sprintf("account %s holds this as an address, and map.addresses is not configured to tell whether it still may", acc.ID))
	}
	if !d.sawAddress(q, key) {
		return no(HoldAddressTaken, fmt.Sprintf("account %s holds this as an address that the directory never listed for it", acc.ID))
	}
	d.provideRelease(acc, q.Ref(), key, "the address moved to another entry")
	return true
}

func (d *decider) giveWayUnlinked(w *wish, acc *Account, byName bool, no func(string, string) bool) bool {
	if !byName {
		return no(HoldAddressTaken, fmt.Sprintf("account %s (%s), whose owner is not known, has this as its name or an address", acc.ID, acc.Name))
	}
	if name, bad := d.unusableSource(); bad {
		return no(HoldSourceIncomplete, fmt.Sprintf("account %s may be that of an entry of source %s, which cannot be used in this run", acc.ID, name))
	}
	s := d.sources[w.ref.Source]
	if w.old != nil && w.old.Bound() && d.younger(acc, d.oldNameSeen(w)) && !d.boreItSince(w, acc) {
		if s.Policy.Twin == TwinHold {
			return no(HoldTwinHeld, fmt.Sprintf("account %s was made under the new name before the rename; policy.twin is hold", acc.ID))
		}
		d.provided[acc.ID] = &move{
			kind: ActRename, acc: acc, ref: w.ref, to: ownName(asidePrefix, acc), twin: true, twinOf: w.ref,
			why: "the server made this account under the new name before the rename",
		}
		return true
	}
	if d.Can.GroupsHidden {
		return no(HoldNameReused, fmt.Sprintf("account %s existed before under this name; it may be a group's, which this version shows as a user, so it is not moved aside", acc.ID))
	}
	if !s.Policy.Park {
		return no(HoldNameReused, fmt.Sprintf("account %s existed before under this name: whoever logs in as %s opens that mailbox", acc.ID, w.name))
	}
	d.provided[acc.ID] = &move{
		kind: ActPark, acc: acc, ref: PrincipalRef{w.ref.Source, OrphanID(acc.ID)},
		to: ownName(parkPrefix, acc), why: "the name is another person's now, and nothing proves whose mail this is",
	}
	return true
}

// nameReused handles a name that a missing principal's account still has.
func (d *decider) nameReused(w *wish, acc *Account, q *Principal, no func(string, string) bool) bool {
	if agree, _ := d.onePerson(q.Source, q.SamePerson, w.ref.Source, w.row.SamePerson); agree && d.newcomer(w, q) {
		return no(HoldRelinkProposed, fmt.Sprintf("the same person as %s under a new stable ID: account %s should be linked to it", q.ID, acc.ID))
	}
	if !d.sources[q.Source].Policy.Park {
		return no(HoldNameReused, fmt.Sprintf("account %s still holds the mail of %s: whoever logs in as %s opens it", acc.ID, q.ID, w.name))
	}
	d.park(acc, q.Ref(), "its owner is missing, and the name is another person's now")
	return true
}

// sawAddress tells whether the ledger ever saw the directory list a key for a
// principal.
func (d *decider) sawAddress(q *Principal, key Hash) bool {
	if slices.Contains(q.Addresses, key) || d.hash(q.Name) == key {
		return true
	}
	if person := d.principals[q.Ref().Person()]; person != nil && q.ID.IsForm() && d.sawAddress(person, key) {
		return true // addresses are listed for the person, whichever account holds them
	}
	dropped := func(x AddressDrop) bool { return x.Address == key }
	owned := func(t Tombstone) bool { return t.Owner == q.Ref() }
	return slices.ContainsFunc(q.Dropped, dropped) || slices.ContainsFunc(d.world.graves[key], owned)
}

// oldNameSeen is the last complete read in which an entry bore its old name.
func (d *decider) oldNameSeen(w *wish) time.Time {
	if !w.old.Waiting.IsZero() && !w.old.LastSeen.IsZero() {
		return w.old.LastSeen
	}
	return d.sources[w.ref.Source].State.LastComplete
}

// newcomer tells that an entry was first seen after another one had left: the
// two never lived at once.
func (d *decider) newcomer(w *wish, left *Principal) bool {
	last := left.LastSeen
	if last.IsZero() {
		last = d.sources[left.Source].State.LastComplete
	}
	return !w.row.Bound() && w.row.FirstSeen.After(last)
}
