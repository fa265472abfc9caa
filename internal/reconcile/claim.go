package reconcile

import (
	"fmt"
	"slices"
	"time"
)

// Claim is an account that a person listed, as the report of orphans showed it.
type Claim struct {
	Account AccountID
	Name    string
	// Addresses is what the report showed, nil if it did not show any.
	Addresses []string
	// Created is when the report said that the account was made, zero if it did
	// not tell.
	Created time.Time
}

// DecideClaims puts listed accounts into the missing life cycle of a source,
// under their pseudo-IDs. An account that is linked, protected, of unknown kind,
// not as reported, or that anybody might answer to is held and says why.
func DecideClaims(f Facts, source string, claims []Claim) Decision {
	d := newOrdered(f)
	claims = slices.Clone(claims)
	slices.SortFunc(claims, func(a, b Claim) int { return CompareAccountIDs(a.Account, b.Account) })
	known := d.knownKeys()
	for i, c := range claims {
		if i > 0 && c.Account == claims[i-1].Account {
			continue
		}
		d.claimAccount(PrincipalRef{Source: source, ID: OrphanID(c.Account)}, c, known)
	}
	return d.finishOrdered(keepsAll)
}

// knownKeys gives every name and address that somebody in the ledger has, with
// whose it is.
func (d *decider) knownKeys() map[Hash]PrincipalRef {
	out := map[Hash]PrincipalRef{}
	for i := range d.Facts.Principals {
		p := &d.Facts.Principals[i]
		if p.State == StateGone {
			continue
		}
		for _, key := range append([]Hash{d.hash(p.Name), d.hash(p.Link.Name)}, p.Addresses...) {
			out[key] = p.Ref()
		}
	}
	return out
}

func (d *decider) claimAccount(ref PrincipalRef, c Claim, known map[Hash]PrincipalRef) {
	no := func(code, message string) { d.hold(code, ref, c.Account, c.Name, message) }
	acc := d.accounts[c.Account]
	if why := d.notAsReported(c, acc); why != "" {
		no(HoldClaimRefused, why)
		return
	}
	if owner, linked := d.linked[acc.ID]; linked {
		no(HoldClaimRefused, "the account belongs to "+whose(owner))
		return
	}
	if why, stop := d.untouchable(acc, ref); stop {
		no(HoldProtected, why)
		return
	}
	keys := []Hash{d.hash(acc.Name)}
	for _, address := range acc.Addresses {
		keys = append(keys, d.hash(address))
	}
	for _, key := range keys {
		if other, used := d.claimant(key, ref); used {
			no(HoldStillUsed, "the entry "+whose(other.ref)+" carries the account's name or one of its addresses")
			return
		}
		if other, used := known[key]; used {
			no(HoldStillUsed, whose(other)+" is known under the account's name or one of its addresses")
			return
		}
	}
	if code, why := d.provenOrphan(ref); code != "" {
		no(code, why)
		return
	}
	d.emitClaim(ref, acc)
}

// notAsReported says how an account differs from what the person saw.
func (d *decider) notAsReported(c Claim, acc *Account) string {
	switch {
	case acc == nil:
		return "there is no such account on the mail server any more"
	case !d.sameName(acc.Name, c.Name):
		return fmt.Sprintf("the account is called %s now, not %s", acc.Name, c.Name)
	case !c.Created.IsZero() && !acc.Created.IsZero() && !c.Created.Equal(acc.Created):
		return "the account was made at another time than the report says: it is not the same one"
	case c.Addresses != nil && !slices.Equal(sorted(c.Addresses), sorted(acc.Addresses)):
		return "the account's addresses are not those of the report any more"
	}
	return ""
}

// provenOrphan asks all sources, without their filters, for the account's name
// and every address.
func (d *decider) provenOrphan(ref PrincipalRef) (code, why string) {
	answer, asked := d.answered(ref)
	switch {
	case !asked:
		return HoldRecheckBlind, "the sources were not asked again"
	case answer.Negative():
		return "", ""
	case answer.Identity == PresenceFound:
		return HoldRecheckFound, "somebody carries the name or an address. " + answer.Why
	}
	return HoldRecheckBlind, "the sources do not prove that nobody has the account. " + answer.Why
}

func (d *decider) emitClaim(ref PrincipalRef, acc *Account) {
	before := *acc
	row := Principal{
		Source: ref.Source, ID: ref.ID, State: StateMissing, Name: acc.Name, Kind: KindIndividual,
		Link:      Link{Account: acc.ID, Created: acc.Created, Name: acc.Name},
		Addresses: d.addressHashes(append([]string{acc.Name}, acc.Addresses...)),
		Miss:      Miss{Since: d.Now, Reads: 1, Last: d.Now}, FirstSeen: d.Now, LastSeen: d.Now,
		Mixed: OwnName(acc.Name), Label: "claimed orphan",
	}
	d.add(Action{
		Kind: ActClaim, Source: ref.Source, StableID: ref.ID, Account: acc.ID, From: acc.Name, To: acc.Name, Before: &before,
		Addresses: AddressChange{From: orEmpty(acc.Addresses), To: orEmpty(acc.Addresses)},
		Reason:    "a person listed the account as an orphan: it counts as missing from now on",
	}, Effect{Principals: []Principal{row}})
}
