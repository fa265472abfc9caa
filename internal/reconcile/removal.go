package reconcile

import (
	"fmt"
	"slices"
)

// removal is an account whose owner is missing and whose time has come.
type removal struct {
	row  *Principal
	acc  *Account
	kind ActionKind // suspend or delete
}

// removals checks, for everything that is due, all that speaks against it.
func (d *decider) removals() {
	var kept []*removal
	for _, r := range d.removes {
		if d.mayRemove(r) {
			kept = append(kept, r)
		}
	}
	d.removes = kept
}

func (d *decider) mayRemove(r *removal) bool {
	ref, acc := r.row.Ref(), r.acc
	no := func(code, message string) bool {
		d.hold(code, ref, acc.ID, acc.Name, message)
		return false
	}
	s := d.sources[ref.Source]
	if why, stop := d.untouchable(acc, ref); stop {
		return no(HoldProtected, why)
	}
	if r.row.Kind != KindIndividual {
		return no(HoldProtected, "the directory said that this is not a plain user")
	}
	if pattern, ok := d.protected(ref, r.row.Name, r.row.Link.Name); ok {
		return no(HoldProtected, fmt.Sprintf("protected by the pattern %q", pattern))
	}
	if why := d.unsafe(acc); why != "" {
		return no(HoldNameUnsafe, why)
	}
	if why := changedAccount(r.row.Link, acc); why != "" {
		return no(HoldAccountChanged, why)
	}
	if r.kind == ActDelete && d.Can.NeverDelete {
		return no(HoldDeleteUnsupported, "this version of the mail server must not be made to delete accounts")
	}
	if !d.sameName(acc.Name, r.row.Link.Name) {
		return no(HoldAccountChanged, fmt.Sprintf("the account is called %s on the server, but the ledger knows it as %s", acc.Name, r.row.Link.Name))
	}
	if name, bad := d.unusableSource(); bad {
		return no(HoldSourceIncomplete, fmt.Sprintf("source %s cannot be used in this run; the person might be there", name))
	}
	if c, used := d.stillUsed(r); used {
		return no(HoldStillUsed, fmt.Sprintf("the entry %s of source %s carries the account's name or one of its addresses", c.ref.ID, c.ref.Source))
	}
	if other, ok := d.successor(r.row); ok {
		return no(HoldRelinkProposed, fmt.Sprintf("the same person seems to be there under a new stable ID: %s of source %s", other.ID, other.Source))
	}
	if r.kind == ActDelete && r.row.Mixed && !d.mixedApproved(r, s) {
		return no(HoldMixed, "the account's name was another person's at some time: it may hold mail of both")
	}
	if why := d.notReversible(acc); r.kind == ActSuspend && why != "" {
		return no(HoldSuspendNotReversible, why)
	}
	if !d.recheck(r, s, no) {
		return false
	}
	if r.kind == ActDelete && s.Policy.ExportRequired && !d.Can.Export {
		return no(HoldExportUnavailable, "policy.export.required is true, but our login or this server cannot export the account; syncagent doctor tells what is missing")
	}
	return true
}

// doubtedHolder looks for a principal whose absence does not count yet and who
// has a key: the reading may be wrong, so it is treated as there.
func (d *decider) doubtedHolder(key Hash, except PrincipalRef) (PrincipalRef, bool) {
	for _, ref := range d.order {
		p := d.principals[ref]
		if !d.world.missing[ref] || ref == except || p.Access == AccessParked || !d.judged[ref.Source].doubted() {
			continue
		}
		if d.hash(p.Name) == key || slices.Contains(p.Addresses, key) {
			return ref, true
		}
	}
	return PrincipalRef{}, false
}

// stillUsed looks for a living entry with the account's name or an address of
// it, as the server shows them and as the ledger remembers them.
func (d *decider) stillUsed(r *removal) (claim, bool) {
	keys := []Hash{d.hash(r.acc.Name)}
	for _, address := range r.acc.Addresses {
		keys = append(keys, d.hash(address))
	}
	if r.row.Access != AccessParked { // a parked account gave its identity up
		keys = append(keys, d.hash(r.row.Name))
		keys = append(keys, r.row.Addresses...)
	}
	for _, key := range keys {
		if c, ok := d.claimant(key, r.row.Ref()); ok {
			return c, true
		}
		if ref, ok := d.doubtedHolder(key, r.row.Ref()); ok {
			return claim{ref: ref}, true
		}
	}
	return claim{}, false
}

// recheck lets a removal go on only if the sources, asked again, prove the
// person gone.
func (d *decider) recheck(r *removal, s *SourceFacts, no func(string, string) bool) bool {
	ref := r.row.Ref()
	if !s.CanLookup {
		return no(HoldRecheckBlind, "the source cannot be asked for one ID")
	}
	answer, asked := d.Rechecks[ref]
	if !asked {
		d.rechecks = append(d.rechecks, ref)
		return no(HoldRecheckBlind, "the source was not asked again")
	}
	switch {
	case answer.Successor != PrincipalRef{}:
		return no(HoldRelinkProposed, fmt.Sprintf("the same person is there under a new stable ID: %s of source %s", answer.Successor.ID, answer.Successor.Source))
	case answer.Negative():
		return true
	case answer.ID == PresenceFound && !answer.Leaver:
		return no(HoldOutOfScope, "the entry still exists, outside of base or filter. "+answer.Why)
	case answer.Identity == PresenceFound:
		return no(HoldRecheckFound, "somebody carries the name or an address. "+answer.Why)
	}
	return no(HoldRecheckBlind, "the sources do not prove that the person is gone. "+answer.Why)
}
