package reconcile

import "slices"

// dropAddresses counts the reads in which the directory no longer lists an
// address that it listed before, and releases what two of them agree on.
func (d *decider) dropAddresses(w *wish, acc *Account) {
	s := d.sources[w.ref.Source]
	if !s.Policy.AddressesMapped {
		return
	}
	var keep []AddressDrop
	var out []Hash
	for _, drop := range d.drops(w) {
		if _, claimed := d.claimedBy(drop.Address, w.ref); claimed || drop.Address == d.hash(acc.Name) {
			continue // listed again, or the name itself
		}
		if !slices.ContainsFunc(acc.Addresses, func(a string) bool { return d.hash(a) == drop.Address }) {
			continue
		}
		if drop.Reads < 2 && d.judged[w.ref.Source].counted && !drop.Last.Equal(d.Now) {
			drop.Reads, drop.Last = drop.Reads+1, d.Now
		}
		keep = append(keep, drop)
		if drop.Reads >= 2 {
			out = append(out, drop.Address)
		}
	}
	w.row.Dropped = keep
	switch why, stop := d.untouchable(acc, w.ref); {
	case len(out) == 0 || w.held || d.moves[acc.ID] != nil: // next time
	case stop:
		d.holdWish(w, HoldProtected, why)
	case d.unsafeHold(w, acc):
	case d.Can.NeverRename:
		d.holdWish(w, HoldRenameUnsupported, "the directory no longer lists an address of the account, but this version of the mail server cannot change it safely")
	case w.still:
		d.holdWish(w, HoldProtected, "the directory no longer lists an address of the account, but it is protected")
	default:
		d.release(acc, w.ref, out, "the directory no longer lists the address, twice confirmed")
	}
	w.write = w.write || !slices.Equal(keep, w.old.Dropped)
}

// drops lists the addresses known to be dropped before and now.
func (d *decider) drops(w *wish) []AddressDrop {
	out := slices.Clone(w.old.Dropped)
	for _, address := range w.old.Addresses {
		if w.entry == nil || slices.Contains(w.row.Addresses, address) {
			continue
		}
		if !slices.ContainsFunc(out, func(x AddressDrop) bool { return x.Address == address }) {
			out = append(out, AddressDrop{Address: address})
		}
	}
	slices.SortFunc(out, func(a, b AddressDrop) int { return compareHashes(a.Address, b.Address) })
	return out
}

func (d *decider) claimedBy(key Hash, ref PrincipalRef) (claim, bool) {
	for _, c := range d.claims[key] {
		if c.ref.samePersonAs(ref) {
			return c, true
		}
	}
	return claim{}, false
}
