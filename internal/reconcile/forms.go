package reconcile

import (
	"slices"
	"strconv"
	"strings"
)

// formPrefix begins the IDs of the further accounts of a person. "also:2:ID" is
// the account under the second name of map.name_also of the entry with that ID.
// Each has a ledger row of its own, so that whatever happens to the account of a
// name happens to it in the same way: linked, renamed, cut off, exported,
// deleted each with its own proof.
const formPrefix = "also:"

// FormID gives the ID of the n-th further account of an entry; n counts from 1.
func FormID(id StableID, n int) StableID {
	return StableID(formPrefix + strconv.Itoa(n) + ":" + string(id))
}

// Form takes an ID apart: the number of the form, 0 for an entry's own ID, and
// the ID that the directory knows.
func (id StableID) Form() (n int, person StableID) {
	rest, ok := strings.CutPrefix(string(id), formPrefix)
	if !ok {
		return 0, id
	}
	number, rest, ok := strings.Cut(rest, ":")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || rest == "" {
		return 0, id
	}
	return n, StableID(rest)
}

// IsForm tells whether an ID stands for a further account of a person.
func (id StableID) IsForm() bool {
	n, _ := id.Form()
	return n > 0
}

// Person names the entry that a further account belongs to; an entry's own name
// stays what it is.
func (r PrincipalRef) Person() PrincipalRef {
	_, id := r.ID.Form()
	return PrincipalRef{Source: r.Source, ID: id}
}

// samePersonAs tells that two accounts are one person's: forms of one entry.
func (r PrincipalRef) samePersonAs(other PrincipalRef) bool { return r.Person() == other.Person() }

// Forms gives an entry and one more for each name of map.name_also. They are
// there as long as the entry is, also without a name: a name that cannot be told
// is no absence. A name that the entry's own account has is left out.
func (e Entry) Forms() []Entry {
	out := []Entry{e}
	for i, names := range e.Also {
		form := e
		form.ID, form.Also, form.FormOf = FormID(e.ID, i+1), nil, e.ID
		form.NamesAlso = slices.Concat(e.Names, e.NamesAlso)
		form.Addresses, form.AddressesMapped = nil, false
		form.Names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			return slices.ContainsFunc(e.Names, func(own string) bool { return strings.EqualFold(own, name) })
		})
		out = append(out, form)
	}
	return out
}

// otherAccountOf tells that an account is linked to another form of the same
// person, or has a name that only that person claims.
func (d *decider) otherAccountOf(ref PrincipalRef, acc *Account) bool {
	if holder, linked := d.linked[acc.ID]; linked {
		return holder != ref && holder.samePersonAs(ref)
	}
	key := d.hash(acc.Name)
	if w := d.wishes[ref]; w == nil || w.name == "" || key == d.hash(w.name) {
		return false
	}
	c, claims := d.claimedBy(key, ref)
	_, others := d.claimant(key, ref)
	return claims && c.name && !others && d.hasForms(ref)
}

// hasForms tells whether the source gives further accounts at all.
func (d *decider) hasForms(ref PrincipalRef) bool {
	if ref.ID.IsForm() {
		return true
	}
	c := d.changed[ref]
	return c != nil && len(c.Entry.Also) > 0
}

// formWithoutReason tells that only a further account of a person is missing:
// the person is there, so it is a matter of the configuration and no absence.
func (d *decider) formWithoutReason(p *Principal) bool {
	if !p.ID.IsForm() {
		return false
	}
	person := d.principals[p.Ref().Person()]
	return person == nil || d.living(person)
}
