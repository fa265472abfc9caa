package reconcile

import "fmt"

// decideBound handles a living entry whose account is known.
func (d *decider) decideBound(w *wish) {
	if w.name != "" && (!d.sameName(w.name, w.old.Name) || !w.old.awaited().IsZero()) {
		d.awaits(w)
	}
	acc := d.accounts[w.old.Link.Account]
	if acc == nil {
		d.accountGone(w)
		return
	}
	if why := changedAccount(w.old.Link, acc); why != "" {
		d.holdWish(w, HoldAccountChanged, why)
		return
	}
	if w.name == "" {
		return
	}
	same := d.sameName(acc.Name, w.name)
	switch {
	case !same && !d.sameName(acc.Name, w.old.Link.Name):
		d.holdWish(w, HoldAccountChanged, fmt.Sprintf("the account is called %s on the server, but the ledger knows it as %s", acc.Name, w.old.Link.Name))
	case w.old.Access == AccessParked:
		d.resumeParked(w, acc)
	case w.old.Access == AccessSuspended && w.entry != nil && !d.disabled(w):
		// Under the name that it has; a new name is given at the next read.
		d.wishResume(w, acc, acc.Name)
	case same:
		d.sameIdentity(w, acc)
	default:
		d.wishRename(w, acc)
	}
	if m := d.moves[acc.ID]; !same && (m == nil || !d.sameName(m.to, w.name)) {
		d.opening = append(d.opening, w)
	}
}

// changedAccount says why an account is not the one that was linked.
func changedAccount(link Link, acc *Account) string {
	switch {
	case !link.Created.IsZero() && !acc.Created.IsZero() && !link.Created.Equal(acc.Created):
		return fmt.Sprintf("account %s was made at another time than the one that the ledger knows under this ID", acc.ID)
	case acc.Kind != KindIndividual && acc.Kind != KindAdmin:
		return fmt.Sprintf("account %s is not a user's account any more", acc.ID)
	}
	return ""
}

// accountGone holds a principal whose account is not on the server any more.
func (d *decider) accountGone(w *wish) {
	if other := d.ownerOf(w.name); other != nil && d.sameName(other.Name, w.name) {
		if holder, linked := d.linked[other.ID]; !linked || holder == w.ref {
			d.holdWish(w, HoldRelinkProposed, fmt.Sprintf("account %s is gone, and the name is now that of account %s", w.old.Link.Account, other.ID))
			return
		}
	}
	d.holdWish(w, HoldAccountGone, fmt.Sprintf("account %s is not on the server any more, but the person is in the directory", w.old.Link.Account))
}

// sameIdentity handles an account that already has the wanted name.
func (d *decider) sameIdentity(w *wish, acc *Account) {
	w.waits = false
	if !d.sameName(w.old.Link.Name, acc.Name) {
		d.notice(NoticeAlreadyRenamed, w.ref.Source, acc, fmt.Sprintf("the account of %s had been renamed already", w.old.Link.Name))
		d.detected = append(d.detected, Detection{"already-renamed", w.ref.Source, w.ref.ID, acc.ID, w.old.Link.Name, acc.Name})
		w.row.NameLackedAt = d.sources[w.ref.Source].State.LastComplete
		d.bury(w.old.Link.Name, w.ref, acc.ID)
	}
	w.row.Link.Name, w.row.Name = acc.Name, w.name
	if d.disabled(w) && w.old.Access == AccessOpen {
		d.wishSuspend(w, acc, "the directory disabled the login")
	}
	d.dropAddresses(w, acc)
}

// notReversible says why a suspension of an account could not be undone, "" if
// nothing is known to speak against it.
func (d *decider) notReversible(acc *Account) string {
	if !d.Can.Suspend {
		return "the version of the server, or our rights on it, do not prove that a suspension could be undone"
	}
	return d.NotReversible[acc.ID]
}
