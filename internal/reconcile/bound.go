package reconcile

import (
	"fmt"
	"slices"
)

// decideBound handles a living entry whose account is known.
func (d *decider) decideBound(w *wish) {
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
	switch {
	case w.old.Access == AccessParked:
		d.wishResume(w, acc, w.name)
	case d.sameName(acc.Name, w.name):
		d.sameIdentity(w, acc)
	case !d.sameName(acc.Name, w.old.Link.Name):
		d.holdWish(w, HoldAccountChanged, fmt.Sprintf("the account is called %s on the server, but the ledger knows it as %s", acc.Name, w.old.Link.Name))
	default:
		d.wishRename(w, acc)
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
	if other := d.ownerOf(w.name); other != nil {
		if holder, linked := d.linked[other.ID]; !linked || holder == w.ref {
			d.holdWish(w, HoldRelinkProposed, fmt.Sprintf("account %s is gone, and the name is now that of account %s", w.old.Link.Account, other.ID))
			return
		}
	}
	d.holdWish(w, HoldAccountGone, fmt.Sprintf("account %s is not on the server any more, but the person is in the directory", w.old.Link.Account))
}

// sameIdentity handles an account that already has the wanted name.
func (d *decider) sameIdentity(w *wish, acc *Account) {
	if !d.sameName(w.old.Link.Name, acc.Name) {
		d.notice(NoticeAlreadyRenamed, w.ref.Source, acc, fmt.Sprintf("the account of %s had been renamed already", w.old.Link.Name))
		d.detected = append(d.detected, Detection{"already-renamed", w.ref.Source, w.ref.ID, acc.ID, w.old.Link.Name, acc.Name})
		w.row.NameLackedAt = d.sources[w.ref.Source].State.LastComplete
		d.bury(w.old.Link.Name, w.ref, acc.ID)
	}
	w.row.Link.Name, w.row.Name = acc.Name, w.name
	s := d.sources[w.ref.Source]
	disabled := w.entry != nil && w.entry.Enabled == EnabledNo && s.Policy.SuspendDisabled
	switch {
	case disabled && w.old.Access == AccessOpen:
		d.wishSuspend(w.ref, acc, w, "the directory disabled the login")
	case w.old.Access == AccessSuspended && w.entry != nil && !disabled:
		d.wishResume(w, acc, acc.Name)
		return
	}
	d.dropAddresses(w, acc)
}

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
		if d.judged[w.ref.Source].counted && !drop.Last.Equal(d.Now) {
			drop.Reads, drop.Last = drop.Reads+1, d.Now
		}
		keep = append(keep, drop)
		if drop.Reads >= 2 {
			out = append(out, drop.Address)
		}
	}
	w.row.Dropped = keep
	if len(out) > 0 && !w.held && !w.still {
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
		if c.ref == ref {
			return c, true
		}
	}
	return claim{}, false
}

// wishRename checks everything that speaks against a rename, then wishes it.
func (d *decider) wishRename(w *wish, acc *Account) {
	d.detected = append(d.detected, Detection{"rename", w.ref.Source, w.ref.ID, acc.ID, acc.Name, w.name})
	s := d.sources[w.ref.Source]
	agree, differs := samePerson(w.old.SamePerson, w.row.SamePerson)
	reusable := s.Evidence.IDReusable && !s.Policy.IDNeverReused
	why, stop := d.untouchable(acc, w.ref)
	switch {
	case w.held:
		return
	case stop:
		d.holdWish(w, HoldProtected, why)
	case differs:
		d.holdWish(w, HoldSamePersonDiffers, "the attributes of same_person differ from those seen before: this may be another person under a reused ID")
	case reusable && !agree:
		d.holdWish(w, HoldRenameUnproven, "IDs of this source may be handed out again, and nothing proves that this is the same person")
	case !s.Policy.Rename:
		d.holdWish(w, HoldRenameReported, fmt.Sprintf("renamed from %s in the directory; policy.rename is report", acc.Name))
	case !d.Can.Rename:
		d.holdWish(w, HoldRenameUnsupported, "this server or our rights on it cannot rename")
	case d.returning(w):
		d.holdWish(w, HoldNameReturns, "the entry went back to a name that it bore before; one more complete read must agree")
		if w.old.Waiting.IsZero() {
			w.waits = true
		}
	default:
		d.moves[acc.ID] = &move{
			kind: ActRename, acc: acc, ref: w.ref, wish: w, to: w.name,
			addresses: d.wantedAddresses(w, acc), why: "the username changed in the directory",
		}
	}
}

// returning tells that a name goes back to an earlier one while the source
// cannot prove that the snapshot is not old; then two reads must agree.
func (d *decider) returning(w *wish) bool {
	s := d.sources[w.ref.Source]
	if len(s.Evidence.Positions) > 0 {
		return false
	}
	before := slices.ContainsFunc(d.world.graves[d.hash(w.name)], func(t Tombstone) bool { return t.Owner == w.ref })
	if !before {
		return false
	}
	return w.old.Waiting.IsZero() || d.Now.Sub(w.old.Waiting) < s.Policy.Spacing
}

// wantedAddresses gives the complete list of other addresses that an account
// shall have together with its new name: what the directory lists, and what an
// administrator added; without anything that is somebody else's now.
func (d *decider) wantedAddresses(w *wish, acc *Account) []string {
	s := d.sources[w.ref.Source]
	seen := map[Hash]bool{d.hash(w.name): true}
	var out []string
	add := func(address string) {
		key := d.hash(address)
		_, others := d.claimant(key, w.ref)
		if !seen[key] && !others && d.Rules.KnowsDomain(address) {
			seen[key] = true
			out = append(out, address)
		}
	}
	for _, address := range w.listed {
		if owner, ok := d.owner[d.hash(address)]; !ok || owner == acc.ID {
			add(address)
		}
	}
	for _, address := range acc.Addresses {
		key := d.hash(address)
		fromDirectory := slices.Contains(w.old.Addresses, key) || key == d.hash(acc.Name)
		if !s.Policy.AddressesMapped {
			fromDirectory = key == d.hash(acc.Name)
		}
		if !fromDirectory || slices.Contains(w.row.Addresses, key) {
			add(address)
		}
	}
	slices.Sort(out)
	return out
}

// wishResume puts an account back as it was, under the name that its owner has
// now.
func (d *decider) wishResume(w *wish, acc *Account, name string) {
	if why, stop := d.untouchable(acc, w.ref); stop {
		d.holdWish(w, HoldProtected, why)
		return
	}
	if w.held || w.still {
		return
	}
	addresses := d.wantedAddresses(w, acc)
	if w.old.Before != nil {
		before := *w.old.Before
		before.ID = acc.ID
		addresses = d.wantedAddresses(w, &before)
	}
	if w.old.Access == AccessSuspended {
		addresses = acc.Addresses
	}
	d.moves[acc.ID] = &move{
		kind: ActResume, acc: acc, ref: w.ref, wish: w, to: name,
		addresses: addresses, why: "the person is in the directory",
	}
}

func (d *decider) wishSuspend(ref PrincipalRef, acc *Account, w *wish, why string) {
	if reason, stop := d.untouchable(acc, ref); stop {
		d.hold(HoldProtected, ref, acc.ID, acc.Name, reason)
		return
	}
	if !d.Can.Suspend {
		d.hold(HoldSuspendNotReversible, ref, acc.ID, acc.Name, "our rights on the server do not prove that a suspension could be undone")
		return
	}
	d.moves[acc.ID] = &move{
		kind: ActSuspend, acc: acc, ref: ref, wish: w, to: acc.Name,
		addresses: acc.Addresses, why: why,
	}
}

// bury remembers that a name belonged to a principal.
func (d *decider) bury(name string, ref PrincipalRef, account AccountID) {
	d.buried = append(d.buried, d.grave(name, ref, account))
}

func (d *decider) grave(name string, ref PrincipalRef, account AccountID) Tombstone {
	return Tombstone{Key: d.hash(name), Text: name, Owner: ref, Account: account, Since: d.Now}
}
