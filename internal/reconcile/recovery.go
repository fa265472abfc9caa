package reconcile

import (
	"slices"
	"time"
)

// Found is the answer to the question whether a journaled action was done.
type Found uint8

// The answers. FoundUnclear means that a person has to look.
const (
	FoundUnclear Found = iota
	FoundDone
	FoundNotDone
	// FoundStranded is an account that a cycle left under its temporary name.
	FoundStranded
)

// AskDone tells from the account as it is now (nil: it does not exist) whether
// an action whose outcome nobody recorded was done.
func AskDone(a Action, now *Account, rules NameRules) Found {
	if now == nil {
		switch a.Kind {
		case ActDelete, ActDestroyTwin:
			return FoundDone
		case ActExport: // it only reads; nothing is to be settled
			return FoundNotDone
		case ActRelease, ActPark, ActSuspend, ActResume, ActRename, ActRelink, ActClaim, ActPurge:
			return FoundUnclear
		}
		return FoundUnclear
	}
	if a.Before != nil && !a.Before.Created.IsZero() && !now.Created.IsZero() && !a.Before.Created.Equal(now.Created) {
		return FoundUnclear
	}
	named := func(name string) bool { return name != "" && rules.Key(now.Name) == rules.Key(name) }
	switch a.Kind {
	case ActDelete, ActDestroyTwin, ActExport, ActPurge, ActRelink, ActClaim:
		return FoundNotDone
	case ActSuspend:
		return doneIf(now.Suspended)
	case ActRelease:
		if now.AddressesUnknown {
			return FoundUnclear
		}
		return doneIf(!slices.ContainsFunc(now.Addresses, func(address string) bool {
			return !slices.ContainsFunc(a.Addresses.To, func(to string) bool { return rules.Key(to) == rules.Key(address) })
		}))
	case ActRename, ActPark, ActResume:
		switch {
		case named(a.To):
			return doneIf(a.Kind != ActResume || !now.Suspended)
		case named(a.Via):
			return FoundStranded
		case named(a.From):
			return FoundNotDone
		}
	}
	return FoundUnclear
}

func doneIf(done bool) Found {
	if done {
		return FoundDone
	}
	return FoundNotDone
}

// Recovered tells what the ledger learns about an action that is found to have
// been done by a run that could not record it. The entry is decided again at
// the next read, which fills in what this leaves open.
func Recovered(a Action, found Found, p Principal, rules NameRules, now Account, at time.Time) Effect {
	if p.Link.Account != a.Account {
		return Effect{} // a twin, or an account that nobody is linked to
	}
	p.Entry = p.awaited()
	switch {
	case found == FoundStranded:
		p.Link.Name = a.Via
		return Effect{Principals: []Principal{p}}
	case found != FoundDone:
		return Effect{}
	}
	name := p.Name
	e := Effect{Tombstones: gravesOfAction(a, p.Ref(), rules, at)}
	switch a.Kind {
	case ActRename, ActResume:
		p.Link.Name, p.Dropped = now.Name, nil
		wished := p.awaited() == waitMark(rules.Hash(a.To))
		if wished || a.Kind != ActResume || rules.Key(a.From) != rules.Key(a.To) { // else its owner may have another name by now
			p.Name = a.To
		}
		if wished || p.awaited().IsZero() {
			p.Entry, p.Waiting, p.LastSeen = Hash{}, timeZero, timeZero
		}
		if a.Kind == ActResume {
			p.Access, p.Before = AccessOpen, nil
		}
	case ActPark:
		p.Access, p.Link.Name, p.Mixed = AccessParked, now.Name, true
		if p.Before == nil {
			p.Before = a.Before
		}
	case ActSuspend:
		p.Access, p.Before = AccessSuspended, a.Before
	case ActDelete:
		for _, address := range p.Addresses {
			e.Tombstones = append(e.Tombstones, Tombstone{Key: address, Owner: p.Ref(), Account: a.Account, Since: at})
		}
		p = goneRow(p)
	case ActRelease:
		gone := func(key Hash) bool {
			return slices.ContainsFunc(e.Tombstones, func(t Tombstone) bool { return t.Key == key })
		}
		p.Addresses = slices.DeleteFunc(slices.Clone(p.Addresses), gone)
		p.Dropped = slices.DeleteFunc(slices.Clone(p.Dropped), func(x AddressDrop) bool { return gone(x.Address) })
	case ActDestroyTwin, ActExport, ActPurge, ActRelink, ActClaim:
		return Effect{}
	}
	if a.HeldEntry != "" {
		p.letGoOf(name, a.To, rules, at)
		p.HeldEntry = parsedHash(a.HeldEntry)
	}
	e.Principals = []Principal{p}
	return e
}
