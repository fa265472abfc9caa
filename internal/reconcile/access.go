package reconcile

import "fmt"

// disabled tells whether access shall be cut because the directory says so.
func (d *decider) disabled(w *wish) bool {
	return w.entry != nil && w.entry.Enabled == EnabledNo && d.sources[w.ref.Source].Policy.SuspendDisabled
}

func (d *decider) wishSuspend(w *wish, acc *Account, why string) {
	reason, stop := d.untouchable(acc, w.ref)
	switch {
	case w.held:
		return
	case stop:
		d.holdWish(w, HoldProtected, reason)
	case d.unsafeHold(w, acc):
	case w.still:
		d.holdWish(w, HoldProtected, "the directory disabled the login, but the account is protected")
	case d.notReversible(acc) != "":
		d.holdWish(w, HoldSuspendNotReversible, d.notReversible(acc))
	default:
		d.moves[acc.ID] = &move{
			kind: ActSuspend, acc: acc, ref: w.ref, wish: w, to: acc.Name,
			addresses: acc.Addresses, why: why,
		}
	}
}

// resumeParked puts a parked account back, if nothing speaks against giving it
// to whoever has the stable ID now.
func (d *decider) resumeParked(w *wish, acc *Account) {
	if code, why := d.unproven(w); code != "" && !w.held {
		d.holdWish(w, code, why)
		return
	}
	d.wishResume(w, acc, w.name)
}

// wishResume puts an account back as it was, under the name that its owner has
// now.
func (d *decider) wishResume(w *wish, acc *Account, name string) {
	why, stop := d.untouchable(acc, w.ref)
	switch {
	case w.held:
		return
	case stop:
		d.holdWish(w, HoldProtected, why)
		return
	case d.unsafeHold(w, acc, name):
		return
	case w.still:
		d.holdWish(w, HoldProtected, "the access was cut by syncagent, but the account is protected now: it is left as it is")
		return
	case d.othersName(w, acc, name):
		d.holdWish(w, HoldNameTaken, fmt.Sprintf("account %s is suspended, and its name %s is another person's now: it stays so until it has given way", acc.ID, acc.Name))
		return
	case !d.sameName(name, w.name):
		w.row.Name, w.row.Entry = w.old.Name, Hash{} // the new name is given at the next read
	}
	addresses := d.wantedAddresses(w, acc)
	if w.old.Before != nil {
		before := *w.old.Before
		before.ID = acc.ID
		addresses = d.wantedAddresses(w, &before)
	}
	if w.old.Access == AccessSuspended {
		addresses = d.unclaimed(acc.Addresses, w.ref)
	}
	d.moves[acc.ID] = &move{
		kind: ActResume, acc: acc, ref: w.ref, wish: w, to: name,
		addresses: addresses, why: "the person is in the directory",
	}
}

// othersName tells that an account would be opened under a name that its owner
// left and that another living entry has.
func (d *decider) othersName(w *wish, acc *Account, name string) bool {
	_, others := d.claimant(d.hash(name), w.ref)
	return others && d.sameName(name, acc.Name) && !d.sameName(name, w.name)
}

// unclaimed leaves out what another living entry carries.
func (d *decider) unclaimed(addresses []string, ref PrincipalRef) []string {
	var out []string
	for _, address := range addresses {
		if _, others := d.claimant(d.hash(address), ref); !others {
			out = append(out, address)
		}
	}
	return out
}
