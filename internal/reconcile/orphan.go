package reconcile

import (
	"slices"
	"strings"
)

// orphanPrefix marks the pseudo-ID of an account that nobody in the directory
// has: it stands where a stable ID would.
const orphanPrefix = "orphan:"

// OrphanID is the pseudo-ID of an account without an entry.
func OrphanID(account AccountID) StableID { return StableID(orphanPrefix + string(account)) }

// OrphanAccount gives the account of a pseudo-ID; false for any other ID. A
// pseudo-ID cannot be looked up in a directory: only names and addresses can.
func (id StableID) OrphanAccount() (AccountID, bool) {
	account, ok := strings.CutPrefix(string(id), orphanPrefix)
	return AccountID(account), ok && account != ""
}

// Marks in Principal.HeldEntry of a missing principal; they are no entry's hash.
var (
	// heldAbsent: an undo put the account back while its owner was missing.
	heldAbsent = HashOf("held while missing")
	// heldClaimed: an entry carried a claimed account's name or address.
	heldClaimed = HashOf("held since an entry carried its name")
)

// heldMissing says why nothing is done about a missing principal although it
// might be due; "" if nothing holds it.
func (d *decider) heldMissing(row *Principal) (code, why string) {
	if _, orphan := row.ID.OrphanAccount(); orphan && row.HeldEntry != heldClaimed && d.carried(row) {
		row.HeldEntry = heldClaimed
		d.record(*row)
	}
	switch row.HeldEntry {
	case heldClaimed:
		return HoldClaimUsed, "an entry carried the name or an address of this claimed account: it is never deleted"
	case heldAbsent:
		return HoldUndone, "an undo put this account back; it is left alone until the person is in the directory again"
	}
	return "", ""
}

// carried tells whether a living entry carries the name or an address of a
// claimed account.
func (d *decider) carried(p *Principal) bool {
	keys := append([]Hash{d.hash(p.Name), d.hash(p.Link.Name)}, p.Addresses...)
	if acc := d.accounts[p.Link.Account]; acc != nil {
		keys = append(keys, d.addressHashes(acc.Addresses)...)
	}
	return slices.ContainsFunc(keys, func(key Hash) bool {
		_, used := d.claimant(key, p.Ref())
		return used
	})
}
