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
	if d.disabled(w) && w.old.Access == AccessOpen {
		d.wishSuspend(w, acc, "the directory disabled the login")
	}
	d.dropAddresses(w, acc)
}

// disabled tells whether access shall be cut because the directory says so.
func (d *decider) disabled(w *wish) bool {
	return w.entry != nil && w.entry.Enabled == EnabledNo && d.sources[w.ref.Source].Policy.SuspendDisabled
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
		if c.ref == ref {
			return c, true
		}
	}
	return claim{}, false
}

// wishRename checks everything that speaks against a rename, then wishes it.
func (d *decider) wishRename(w *wish, acc *Account) {
	again := w.old.Entry == waitMark(d.hash(w.name))
	if !again {
		d.detected = append(d.detected, Detection{"rename", w.ref.Source, w.ref.ID, acc.ID, acc.Name, w.name})
		w.waits = true
	}
	if w.held {
		return
	}
	why, stop := d.untouchable(acc, w.ref)
	code, doubt := d.unproven(w)
	switch {
	case stop:
		d.holdWish(w, HoldProtected, why)
	case code != "":
		d.holdWish(w, code, doubt)
	case d.returning(w, again):
		d.holdWish(w, HoldNameReturns, "the entry went back to a name that it bore before; one more complete read must agree")
	default:
		d.moves[acc.ID] = &move{
			kind: ActRename, acc: acc, ref: w.ref, wish: w, to: w.name,
			addresses: d.wantedAddresses(w, acc), why: "the username changed in the directory",
		}
	}
}

// unproven says why an entry's new name must not be given to the account of
// its stable ID.
func (d *decider) unproven(w *wish) (code, why string) {
	s := d.sources[w.ref.Source]
	agree, differs := samePerson(w.old.SamePerson, w.row.SamePerson)
	renamed := !d.sameName(w.name, w.old.Name)
	switch {
	case differs:
		return HoldSamePersonDiffers, "the attributes of same_person differ from those seen before: this may be another person under a reused ID"
	case renamed && s.Evidence.IDReusable && !s.Policy.IDNeverReused && !agree:
		return HoldRenameUnproven, "IDs of this source may be handed out again, and nothing proves that this is the same person"
	case renamed && !s.Policy.Rename:
		return HoldRenameReported, fmt.Sprintf("renamed from %s in the directory; policy.rename is report", w.old.Name)
	case !d.Can.Rename:
		return HoldRenameUnsupported, "this server or our rights on it cannot rename"
	}
	return "", ""
}

// waitMark stands in the ledger instead of an entry's hash while the entry
// waits for a new name: it is no entry's hash, so the entry is decided again,
// and it tells whether the wish is still the same.
func waitMark(name Hash) Hash { return HashOf("waits for " + name.String()) }

// returning tells that a name goes back to an earlier one while the source
// cannot prove that the snapshot is not old; then two reads must agree.
func (d *decider) returning(w *wish, again bool) bool {
	s := d.sources[w.ref.Source]
	if len(s.Evidence.Positions) > 0 {
		return false
	}
	before := slices.ContainsFunc(d.world.graves[d.hash(w.name)], func(t Tombstone) bool { return t.Owner == w.ref })
	if !before {
		return false
	}
	return !again || w.old.Waiting.IsZero() || d.Now.Sub(w.old.Waiting) < s.Policy.Spacing
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
	case w.still:
		d.holdWish(w, HoldProtected, "the access was cut by syncagent, but the account is protected now: it is left as it is")
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

func (d *decider) wishSuspend(w *wish, acc *Account, why string) {
	reason, stop := d.untouchable(acc, w.ref)
	switch {
	case w.held:
		return
	case stop:
		d.holdWish(w, HoldProtected, reason)
	case w.still:
		d.holdWish(w, HoldProtected, "the directory disabled the login, but the account is protected")
	case !d.Can.Suspend:
		d.holdWish(w, HoldSuspendNotReversible, "our rights on the server do not prove that a suspension could be undone")
	default:
		d.moves[acc.ID] = &move{
			kind: ActSuspend, acc: acc, ref: w.ref, wish: w, to: acc.Name,
			addresses: acc.Addresses, why: why,
		}
	}
}

// bury remembers that a name belonged to a principal.
func (d *decider) bury(name string, ref PrincipalRef, account AccountID) {
	d.buried = append(d.buried, d.grave(name, ref, account))
}

func (d *decider) grave(name string, ref PrincipalRef, account AccountID) Tombstone {
	return Tombstone{Key: d.hash(name), Text: name, Owner: ref, Account: account, Since: d.Now}
}
