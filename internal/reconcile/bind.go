package reconcile

import (
	"fmt"
	"slices"
	"time"
)

// decideNew handles an entry whose ID the ledger does not know, or knows only
// from a principal that is gone.
func (d *decider) decideNew(w *wish) {
	j := d.judged[w.ref.Source]
	if j.strange() {
		// The source means something else until a person says so: an entry that is new
		// today may have been there all along.
		if acc := d.ownerOf(w.name); acc != nil && w.name != "" {
			d.holdWish(w, HoldAccountUnproven, "an account of this name exists, and the source changed its meaning: whose it is, is decided once that is approved")
			d.bury(w.name, w.ref, "") // the ledger does not know the entry yet; the account may be its own
		}
		return
	}
	if !w.ref.ID.IsForm() {
		d.newCount++
	}
	if j.firstRun || j.widened() {
		w.row.NameLackedAt = timeZero
	}
	if w.name == "" {
		return // held; nothing to remember yet
	}
	w.row.Name = w.name
	w.write = true
	if w.held {
		w.row.Entry = Hash{} // decided again at the next read
	}
	d.bind(w)
}

// decideUnbound handles a known principal whose account is not known yet.
func (d *decider) decideUnbound(w *wish) {
	if w.name == "" {
		return
	}
	if w.old != nil && !d.sameName(w.name, w.old.Name) {
		w.row.NameLackedAt = d.sources[w.ref.Source].State.LastComplete
		d.bury(w.old.Name, w.ref, "")
		if d.judged[w.ref.Source].widened() {
			w.row.NameLackedAt, w.row.FirstSeen = timeZero, d.Now // another mapping gave the name
		}
	}
	before := w.row
	w.row.Name = w.name
	if w.entry == nil {
		d.checkConflict(w) // somebody may claim the name since
	}
	d.bind(w)
	w.write = w.entry != nil || w.row.Bound() || before.State != StateActive || !w.row.NameLackedAt.Equal(w.old.NameLackedAt)
}

// ownerOf gives the account that a name opens, by its name or by an address.
func (d *decider) ownerOf(name string) *Account {
	id, ok := d.owner[d.hash(name)]
	if !ok {
		return nil
	}
	return d.accounts[id]
}

// bind links an entry to the account of its name, if that account is proven to
// be this person's; otherwise it says what stands in the way.
func (d *decider) bind(w *wish) {
	acc := d.ownerOf(w.name)
	if acc == nil {
		return
	}
	if w.held {
		w.row.Entry = Hash{}
		d.opening = append(d.opening, w)
		return
	}
	if acc.Kind != KindIndividual && acc.Kind != KindAdmin {
		d.holdWish(w, HoldProtected, fmt.Sprintf("account %s has this name, but it is not a user's account", acc.ID))
		w.row.Entry = Hash{}
		return
	}
	holder, linked := d.linked[acc.ID]
	if _, double := d.doubles[acc.ID]; double && !linked {
		d.unsafeHold(w, acc)
		w.row.Entry = Hash{}
		return
	}
	switch {
	case d.otherAccountOf(w.ref, acc):
		// It is this person's under another name; there is nothing to take.
	case linked && holder != w.ref:
		d.want(w, acc, holder)
	case !d.sameName(acc.Name, w.name):
		d.holdWish(w, HoldAddressTaken, fmt.Sprintf("account %s (%s), whose owner is not known, has this name as an address", acc.ID, acc.Name))
		w.row.Entry = Hash{}
	case w.row.NameLackedAt.IsZero():
		d.adopt(w, acc)
	case d.younger(acc, w.row.NameLackedAt) && !d.boreItSince(w, acc):
		if name, bad := d.unusableSource(); bad {
			d.holdWish(w, HoldSourceIncomplete, fmt.Sprintf("account %s has this name, but it may be that of an entry of source %s, which cannot be used in this run", acc.ID, name))
			w.row.Entry = Hash{}
			return
		}
		d.link(w, acc)
	default:
		w.row.NameLackedAt = d.Now // whatever is forgotten later, this account is not taken for this person's
		d.want(w, acc, PrincipalRef{})
	}
}

// younger tells whether an account is proven to have been made after a moment:
// by the time that the server tells or, where it tells none (before 0.16), by a
// complete listing that lacked its ID. In a run the directory is read before the
// accounts are listed, so that a listing of the same run is the later one.
func (d *decider) younger(acc *Account, than time.Time) bool {
	if than.IsZero() {
		return false
	}
	if acc.Created.IsZero() {
		return !acc.LackedAt.IsZero() && !acc.LackedAt.Before(than) && !acc.LackedAt.After(d.Now)
	}
	if !acc.Created.After(than) {
		return false
	}
	return acc.FirstListed.IsZero() || acc.FirstListed.After(than)
}

// adopt links an entry that bore its name when it was first read. Only the
// first run links by name alone; later, when the source came to mean more than
// before, the account must be proven to be made for this person. What is not
// proven is held, not parked: most of these people use their accounts.
func (d *decider) adopt(w *wish, acc *Account) {
	j := d.judged[w.ref.Source]
	person := w.row.Created
	told := !person.IsZero() && !acc.Created.IsZero()
	lacked := w.row.FirstSeen
	if j.widened() && lacked.Equal(d.Now) {
		lacked = d.sources[w.ref.Source].State.LastComplete
	}
	before, seen := d.SeenBefore[d.hash(w.name)]
	switch {
	case seen && before != w.ref:
		d.holdWish(w, HoldAccountUnproven, fmt.Sprintf("account %s has this name, but the audit log has seen it under the ID %s", acc.ID, whose(before)))
		w.row.Entry = Hash{}
	case told && acc.Created.Before(person):
		d.holdWish(w, HoldOlderThanPerson, fmt.Sprintf("account %s was made on %s, before the person's entry (%s)",
			acc.ID, acc.Created.UTC().Format(dayFormat), person.UTC().Format(dayFormat)))
		w.row.Entry = Hash{}
	case d.boreItSince(w, acc):
		d.holdWish(w, HoldAccountUnproven, fmt.Sprintf("account %s has this name, but so had somebody else, since the account was made", acc.ID))
		w.row.Entry = Hash{}
	case j.firstRun && (w.old == nil || w.old.State == StateGone) || d.younger(acc, lacked):
		d.link(w, acc)
	case told && j.widened() && !d.othersGrave(d.hash(w.name), w.ref):
		d.link(w, acc) // made after the person's entry, and nobody else is known to have borne the name
	default:
		d.holdWish(w, HoldAccountUnproven, fmt.Sprintf("account %s has this name, but nothing proves that it is this person's", acc.ID))
		w.row.Entry = Hash{}
	}
}

// othersGrave tells that the ledger remembers somebody else who had a key.
func (d *decider) othersGrave(key Hash, ref PrincipalRef) bool {
	return slices.ContainsFunc(d.world.graves[key], func(t Tombstone) bool { return t.Owner != ref })
}

func (d *decider) link(w *wish, acc *Account) {
	w.row.Link = Link{Account: acc.ID, Created: acc.Created, Name: acc.Name}
	d.linked[acc.ID] = w.ref
	d.linkedN++
	if acc.Suspended {
		d.notice(NoticeFoundSuspended, w.ref.Source, acc, "the account was already suspended, not by syncagent")
	}
	d.detected = append(d.detected, Detection{Event: "link", Source: w.ref.Source, ID: w.ref.ID, Account: acc.ID, To: acc.Name})
	if d.sources[w.ref.Source].Policy.SuspendDisabled && (w.entry == nil || d.disabled(w)) {
		w.row.Entry = Hash{} // whether the login is disabled is decided at the next read
	}
	// Addresses that the account holds and the directory does not list are an
	// administrator's; they stay.
	if d.judged[w.ref.Source].firstRun {
		d.differAtFirst(w, acc)
	}
}
