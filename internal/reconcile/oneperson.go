package reconcile

import "strings"

// onePerson is samePerson for people of any two sources. In one source the
// attributes of map.same_person are compared one by one. Of two sources only
// attributes of the same name are: the number of a pupil is not that of an
// employee, even if it is the same number.
func (w *world) onePerson(source string, a []Hash, other string, b []Hash) (agree, differs bool) {
	return onePerson(source, a, other, b, func(source string) []string {
		if s := w.sources[source]; s != nil {
			return s.Policy.SamePerson
		}
		return nil
	})
}

func onePerson(source string, a []Hash, other string, b []Hash, attributes func(source string) []string) (agree, differs bool) {
	if source == other {
		return samePerson(a, b)
	}
	var x, y []Hash
	for i, name := range attributes(source) {
		for k, same := range attributes(other) {
			if strings.EqualFold(name, same) && i < len(a) && k < len(b) {
				x, y = append(x, a[i]), append(y, b[k])
			}
		}
	}
	return samePerson(x, y)
}

// Succeeds tells whether somebody who is there, of any source, is the same
// person as somebody who left, and was first seen after that: whoever moved to
// another source, or got a new entry, keeps the mailbox. The attributes are
// those of map.same_person of a source.
func Succeeds(left, other Principal, attributes func(source string) []string) bool {
	if other.Ref() == left.Ref() || other.State != StateActive || left.LastSeen.IsZero() || !other.FirstSeen.After(left.LastSeen) {
		return false
	}
	agree, _ := onePerson(left.Source, left.SamePerson, other.Source, other.SamePerson, attributes)
	return agree
}

// successor looks among the entries that this run brought. Those that the
// ledger knew already are in the answer to the re-check.
func (d *decider) successor(left *Principal) (PrincipalRef, bool) {
	attributes := func(source string) []string { return d.sources[source].Policy.SamePerson }
	for _, ref := range d.order {
		if w := d.wishes[ref]; w != nil && w.entry != nil && Succeeds(*left, w.row, attributes) {
			return ref, true
		}
	}
	return PrincipalRef{}, false
}
