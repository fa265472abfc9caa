package reconcile

// isolate notes that the name of a living entry, whose own account cannot have
// that name now, opens somebody else's account. Waiting would leave it open to
// a person whom it does not belong to, so it has to give way whatever the entry
// is waiting for.
func (d *decider) isolate(w *wish) {
	if w.name == "" || w.patient || w.still {
		return
	}
	acc := d.ownerOf(w.name)
	if acc == nil || acc.ID == w.row.Link.Account {
		return
	}
	holder, linked := d.linked[acc.ID]
	if holder == w.ref && linked || !linked && !d.notTheTwin(w, acc) {
		return
	}
	if _, both := d.claimedBy(d.hash(w.name), holder); !both { // a conflict is told already
		d.want(w, acc, holder)
	}
}

// notTheTwin tells that an account nobody is linked to is proven older than an
// entry's wish for its name, or was made while somebody else bore that name: the
// server did not make it for this entry, or nobody can tell.
func (d *decider) notTheTwin(w *wish, acc *Account) bool {
	made := acc.Created
	if made.IsZero() {
		made = acc.FirstListed
	}
	if w.old == nil || !w.old.Bound() || made.IsZero() {
		return false
	}
	if _, both := d.claimant(d.hash(w.name), w.ref); both {
		return false // a conflict is told already, and nobody can tell whose it is
	}
	older := (w.old.Access == AccessOpen || d.newWish(w)) && !made.After(d.oldNameSeen(w))
	return older || d.boreItSince(w, acc)
}

// newWish tells that an entry bore another name when it was last seen, whatever
// became of its account meanwhile, and that it is known until when.
func (d *decider) newWish(w *wish) bool {
	if w.old.awaited() == waitMark(d.hash(w.name)) {
		return !w.old.Waiting.IsZero() && !w.old.LastSeen.IsZero()
	}
	return !d.sameName(w.name, w.old.Name)
}
