package reconcile

import (
	"fmt"
	"slices"
)

// wishRename checks everything that speaks against a rename, then wishes it.
func (d *decider) wishRename(w *wish, acc *Account) {
	again := d.awaits(w)
	if !again {
		d.detected = append(d.detected, Detection{"rename", w.ref.Source, w.ref.ID, acc.ID, acc.Name, w.name})
	}
	if w.held {
		return
	}
	why, stop := d.untouchable(acc, w.ref)
	code, doubt := d.unproven(w)
	switch {
	case stop:
		w.patient = true
		d.holdWish(w, HoldProtected, why)
	case d.unsafeHold(w, acc, w.name):
	case code != "":
		d.holdWish(w, code, doubt)
	case d.returning(w, again):
		w.patient = true
		d.holdWish(w, HoldNameReturns, "the entry went back to a name that it bore before; one more complete read must agree")
	default:
		d.moves[acc.ID] = &move{
			kind: ActRename, acc: acc, ref: w.ref, wish: w, to: w.name,
			addresses: d.wantedAddresses(w, acc), why: "the username changed in the directory",
		}
		d.carriesOver(w, acc, d.moves[acc.ID].addresses)
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
	case !s.Policy.Rename && !OwnName(w.old.Link.Name) && !d.sameName(w.name, w.old.Link.Name):
		return HoldRenameReported, fmt.Sprintf("called %s in the directory, but the account has another name; policy.rename is report", w.name)
	case d.Can.NeverRename:
		return HoldRenameUnsupported, "this version of the mail server cannot rename accounts safely"
	case !d.Can.Rename:
		return HoldRenameUnsupported, "our rights on the mail server do not allow to rename" + d.lacking(ActRename)
	}
	return "", ""
}

// returning tells that a name goes back to an earlier one while the source
// cannot prove that the snapshot is not old; then two reads must agree.
func (d *decider) returning(w *wish, again bool) bool {
	s := d.sources[w.ref.Source]
	if ageTold(s.Evidence.Positions, s.State.Positions) {
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
		if owner, ok := d.owner[key]; ok && owner != acc.ID {
			continue // another account has it by now
		}
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
