package reconcile

import (
	"cmp"
	"slices"
)

// pairIDs gives the accounts of people who vanished under one ID and came back
// under another one to their new ID.
func (r *relinker) pairIDs() {
	from, to := r.candidates()
	for _, p := range r.olds {
		entries := from[p.Ref()]
		if len(entries) == 0 || !r.wanted(string(p.ID), p.Name, p.Link.Name, string(entries[0].ref.ID), entries[0].name) {
			continue
		}
		w := entries[0]
		switch {
		case len(entries) > 1:
			r.doubt(p.Ref(), p.Link.Account, p.Name, many(len(entries), "entries fit"))
		case len(to[w.ref]) > 1:
			r.doubt(p.Ref(), p.Link.Account, p.Name, many(len(to[w.ref]), "known people fit the entry "+whose(w.ref)))
		default:
			r.pairID(p, w)
		}
	}
}

// candidates gives which entries fit which known people, both ways.
func (r *relinker) candidates() (map[PrincipalRef][]*wish, map[PrincipalRef][]*Principal) {
	byMark := map[string][]*Principal{}
	for _, p := range r.olds {
		for _, mark := range r.marksOf(p.Source, p.SamePerson, p.Name, p.Link.Name) {
			byMark[mark] = append(byMark[mark], p)
		}
	}
	from, to := map[PrincipalRef][]*wish{}, map[PrincipalRef][]*Principal{}
	for _, w := range r.news {
		for _, mark := range r.marksOf(w.ref.Source, w.row.SamePerson, w.name) {
			for _, p := range byMark[mark] {
				if r.fits(p, w) && !slices.Contains(from[p.Ref()], w) {
					from[p.Ref()] = append(from[p.Ref()], w)
					to[w.ref] = append(to[w.ref], p)
				}
			}
		}
	}
	for _, list := range to {
		slices.SortFunc(list, func(a, b *Principal) int { return compareRefs(a.Ref(), b.Ref()) })
	}
	for _, list := range from {
		slices.SortFunc(list, func(a, b *wish) int { return cmp.Or(compareRefs(a.ref, b.ref)) })
	}
	return from, to
}

// marksOf gives what somebody is found by: names within the source, or each
// attribute of same_person that has a value.
func (r *relinker) marksOf(source string, same []Hash, names ...string) []string {
	var out []string
	if r.by == RelinkByName {
		for _, name := range names {
			if name != "" && !OwnName(name) {
				out = append(out, source+"\x00"+r.hash(name).String())
			}
		}
	} else if s := r.sources[source]; s != nil && s.Policy.SamePersonMapped {
		for i, hash := range same {
			if !hash.IsZero() {
				out = append(out, string(rune('0'+i))+hash.String())
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// fits tells whether an entry may be a known person. By attribute, two empty
// values do not agree. Numbers of two sources prove nothing, and each form of a
// person's name keeps its own account.
func (r *relinker) fits(p *Principal, w *wish) bool {
	was, _ := p.ID.Form()
	is, _ := w.ref.ID.Form()
	if p.Source != w.ref.Source || was != is {
		return false
	}
	agree, differs := r.onePerson(p.Source, p.SamePerson, w.ref.Source, w.row.SamePerson)
	return !differs && (agree || r.by == RelinkByName)
}

// pairID links one account to its owner's new ID if the two IDs are proven not
// to have lived at the same time.
func (r *relinker) pairID(p *Principal, w *wish) {
	acc := r.accounts[p.Link.Account]
	_, orphan := p.ID.OrphanAccount()
	other, taken := r.claimant(r.hash(w.name), w.ref)
	switch {
	case !sameAccount(p.Link, acc):
		return // first the account, then the ID
	case taken:
		r.doubt(p.Ref(), acc.ID, p.Name, "the entry "+whose(other.ref)+" carries the name, too")
		return
	case !orphan && !r.newcomer(w, p):
		r.doubt(p.Ref(), acc.ID, p.Name, "the entry "+whose(w.ref)+" was there before this one had left: the two lived at the same time")
		return
	}
	if !orphan && r.stillLives(p, acc) {
		return
	}
	r.link(r.heir(p, w), acc, *p, "the same person under a new stable ID: "+r.proof())
}

// stillLives asks the source whether the old ID is really gone. IDs of another
// attribute than before cannot be asked for.
func (r *relinker) stillLives(p *Principal, acc *Account) bool {
	s := r.sources[p.Source]
	if s.State.IDAttribute != s.Evidence.IDAttribute {
		return false
	}
	answer, asked := r.answered(p.Ref())
	switch {
	case !asked:
		r.hold(HoldRecheckBlind, p.Ref(), acc.ID, p.Name, "the source was not asked again for the old ID")
	case answer.ID == PresenceAbsent || answer.ID == PresenceFound && answer.Leaver:
		return false
	case answer.ID == PresenceFound:
		r.doubt(p.Ref(), acc.ID, p.Name, "the old ID still exists, outside of base or filter: the two live at the same time")
	default:
		r.hold(HoldRecheckBlind, p.Ref(), acc.ID, p.Name, "the source does not prove that the old ID is gone. "+answer.Why)
	}
	return true
}

func (r *relinker) proof() string {
	if r.by == RelinkByName {
		return "the name is the same, and nobody else has it"
	}
	return "the attributes of same_person agree"
}

// heir gives the row of the new ID: the account with all that is known about
// it, to be decided anew at the next read.
func (r *relinker) heir(p *Principal, w *wish) Principal {
	row := *p
	row.Row, row.Source, row.ID, row.State = w.row.Row, w.ref.Source, w.ref.ID, StateActive
	row.Miss, row.LastSeen, row.HeldEntry = Miss{}, timeZero, Hash{}
	r.stillAwaits(&row, w)
	row.SamePerson, row.Kind, row.Created, row.Label, row.FirstSeen = w.row.SamePerson, w.row.Kind, w.row.Created, w.row.Label, w.row.FirstSeen
	if _, orphan := p.ID.OrphanAccount(); orphan {
		row.Addresses = nil // nothing that a directory listed
	}
	return row
}
