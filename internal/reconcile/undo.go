package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// DecideUndo plans to take back what the actions of a run did: names and
// addresses as they were, access given back. They are the actions that were
// done, in their order, each with the account as it was before. What is not as
// the run left it, or belongs to somebody else now, is held and says why.
func DecideUndo(f Facts, done []Action) Decision {
	d := newOrdered(f)
	u := &undoer{decider: d, back: map[AccountID]*reversal{}}
	for _, a := range done {
		u.note(a)
	}
	for _, id := range slices.SortedFunc(maps.Keys(u.back), CompareAccountIDs) {
		u.wish(u.back[id])
	}
	u.settleNames()
	u.emitAll()
	return d.finishOrdered(keepsAll)
}

// undoer collects what is taken back, by account.
type undoer struct {
	*decider
	back map[AccountID]*reversal
}

// reversal is what a run did to one account.
type reversal struct {
	// any is one of its actions; first and last are those that changed the name.
	any, first, last *Action
	// cut tells that access was cut.
	cut bool
}

// note sorts one action of the run.
func (u *undoer) note(a Action) {
	not := func(message string) {
		u.hold(HoldNotUndone, PrincipalRef{a.Source, a.StableID}, a.Account, cmp.Or(a.From, a.To), message)
	}
	switch a.Kind {
	case ActRename, ActPark, ActSuspend:
		r := u.back[a.Account]
		if r == nil {
			r = &reversal{any: &a}
			u.back[a.Account] = r
		}
		if a.Kind != ActSuspend {
			r.last = &a
			if r.first == nil {
				r.first = &a
			}
		}
		r.cut = r.cut || a.Kind != ActRename
	case ActRelease:
		not(fmt.Sprintf("addresses that were released are not given back by an undo: %v", gonePart(a)))
	case ActDelete:
		not("the mailbox was deleted: only its archive (syncagent restore) or a backup of the mail server brings it back")
	case ActDestroyTwin:
		not("an empty second mailbox was removed; there is nothing in it to bring back")
	case ActResume:
		not("access that was given back is not cut again by an undo")
	case ActRelink, ActClaim:
		not(fmt.Sprintf("a %s changed nothing on the mail server and is not taken back by an undo", a.Kind))
	case ActExport, ActPurge:
	}
}

func gonePart(a Action) []string {
	return slices.DeleteFunc(slices.Clone(a.Addresses.From), func(x string) bool { return slices.Contains(a.Addresses.To, x) })
}

// ownerRef is who the account of a reversal belongs to now, or whom the action
// was for.
func (d *decider) ownerRef(r *reversal) PrincipalRef {
	if ref, ok := d.linked[r.any.Account]; ok {
		return ref
	}
	return PrincipalRef{r.any.Source, r.any.StableID}
}

// wish looks at everything that speaks against taking one account back.
func (u *undoer) wish(r *reversal) {
	acc := u.accounts[r.any.Account]
	ref := u.ownerRef(r)
	not := func(code, message string) { u.hold(code, ref, r.any.Account, cmp.Or(r.any.From, r.any.To), message) }
	if why := leftOtherwise(r, acc, u.sameName); why != "" {
		not(HoldNotUndone, why)
		return
	}
	if why, stop := u.untouchable(acc, ref); stop {
		not(HoldProtected, why)
		return
	}
	m := &move{kind: ActRename, acc: acc, ref: ref, to: acc.Name, addresses: acc.Addresses, why: "a person takes that run back"}
	if r.first != nil {
		m.to = r.first.From
		m.addresses = u.formerAddresses(r, acc, ref)
	}
	row, known := u.principals[ref]
	if _, linked := u.linked[acc.ID]; linked && known && row.Link.Account != acc.ID {
		not(HoldNotUndone, "it is a further account of the person (map.name_also): give it its name back by hand")
		return
	}
	stillCut := known && row.Link.Account == acc.ID && row.Access != AccessOpen || !known && acc.Suspended
	if r.cut && stillCut {
		m.kind = ActResume
	}
	other, claimed := u.claimant(u.hash(m.to), ref)
	address, holder := u.addressOfAnother(m.addresses, ref)
	switch {
	case m.kind == ActRename && u.sameName(m.to, acc.Name):
		not(HoldNotUndone, "it is as before that run already")
	case OwnName(m.to):
		not(HoldNotUndone, "before that run the account stood aside already")
	case !u.Rules.KnowsDomain(m.to):
		not(HoldDomainUnknown, fmt.Sprintf("the server does not have the domain of %s any more", m.to))
	case address != "":
		u.hold(HoldNotUndone, ref, acc.ID, address, fmt.Sprintf("the address belongs to the entry %s now, who would open the account", whose(holder)))
	case claimed:
		not(HoldNotUndone, fmt.Sprintf("%s belongs to the entry %s now", m.to, whose(other.ref)))
	default:
		u.moves[acc.ID] = m
	}
}

// addressOfAnother finds an address that is somebody else's in the directory: an
// account that is opened with it would be open to them. What gets its former
// addresses back has none such: see formerAddresses.
func (u *undoer) addressOfAnother(addresses []string, ref PrincipalRef) (address string, holder PrincipalRef) {
	for _, address := range addresses {
		if other, claimed := u.claimant(u.hash(address), ref); claimed {
			return address, other.ref
		}
	}
	return "", PrincipalRef{}
}

// leftOtherwise says how an account is not as the run left it.
func leftOtherwise(r *reversal, acc *Account, same func(a, b string) bool) string {
	switch {
	case acc == nil:
		return "the account does not exist any more"
	case r.any.Before != nil && !r.any.Before.Created.Equal(acc.Created):
		return "the account was made at another time: it is not the same one"
	case r.last != nil && !same(acc.Name, r.last.To):
		return fmt.Sprintf("the account is called %s now; that run called it %s", acc.Name, r.last.To)
	}
	return ""
}

// formerAddresses gives the addresses of before, and those that were added
// since, without any that is somebody else's now.
func (u *undoer) formerAddresses(r *reversal, acc *Account, ref PrincipalRef) []string {
	var out []string
	want := slices.Clone(r.first.Addresses.From)
	for _, address := range acc.Addresses {
		if !slices.Contains(r.last.Addresses.To, address) && !slices.Contains(want, address) {
			want = append(want, address)
		}
	}
	for _, address := range want {
		other, claimed := u.claimant(u.hash(address), ref)
		if claimed {
			u.hold(HoldNotUndone, ref, acc.ID, address, fmt.Sprintf("the address belongs to the entry %s now and is not given back", whose(other.ref)))
			continue
		}
		if u.Rules.KnowsDomain(address) {
			out = append(out, address)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
