package reconcile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

var timeZero time.Time

func compareHashes(a, b Hash) int { return bytes.Compare(a[:], b[:]) }

// chooseName picks the account name that an entry wants, or holds it.
func (d *decider) chooseName(w *wish) string {
	names := d.distinct(w.entry.Names)
	switch {
	case len(names) == 0 && w.ref.ID.IsForm() && (w.old == nil || !w.old.Bound()):
		return "" // nobody ever had an account of this form
	case len(names) == 0:
		d.holdWish(w, HoldNoName, "the entry gives no account name (the attribute is missing or empty)")
		return ""
	case len(names) == 1:
		return names[0]
	}
	if w.old != nil {
		for _, name := range names {
			if d.sameName(name, w.old.Name) {
				return name
			}
		}
	}
	d.holdWish(w, HoldNameAmbiguous, fmt.Sprintf("the entry gives %d account names (%s) and none of them is known",
		len(names), strings.Join(names, ", ")))
	return ""
}

// distinct drops names that the server cannot tell apart.
func (d *decider) distinct(names []string) []string {
	var out []string
	for _, name := range names {
		same := func(other string) bool { return d.sameName(name, other) }
		if strings.TrimSpace(name) != "" && !slices.ContainsFunc(out, same) {
			out = append(out, name)
		}
	}
	return out
}

// checkEntry holds entries that must not be acted upon, whatever they want.
func (d *decider) checkEntry(w *wish) {
	if w.name != "" && !d.Rules.KnowsDomain(w.name) {
		d.holdWish(w, HoldDomainUnknown, fmt.Sprintf("the mail server has no domain %q", Domain(w.name)))
	}
	switch w.entry.Kind {
	case KindIndividual:
	case KindUnknown:
		w.patient = true
		d.holdWish(w, HoldKindUnknown, "the directory does not say what kind of principal this is")
	case KindGroup, KindAdmin:
		w.still = true
		if w.changesIdentity(d) {
			d.holdWish(w, HoldProtected, "groups and administrators are never touched")
		}
	}
	if w.entry.Enabled == EnabledUnknown {
		d.hold(HoldEnabledUnknown, w.ref, w.row.Link.Account, w.name,
			"the attribute that tells whether the login is enabled has a value that is not understood; it counts as enabled")
	}
	if pattern, ok := d.protected(w.ref, w.names()...); ok && w.changesIdentity(d) {
		w.patient = true
		d.holdWish(w, HoldProtected, fmt.Sprintf("protected by the pattern %q", pattern))
	} else if ok {
		w.still = true
	}
	d.checkConflict(w)
	if w.old != nil && !w.old.HeldEntry.IsZero() {
		if w.old.HeldEntry == HeldHash(*w.entry) {
			d.holdWish(w, HoldUndone, "an undo put this account back; it is left alone until its entry changes")
		} else {
			w.row.HeldEntry = Hash{}
		}
	}
}

func (w *wish) changesIdentity(d *decider) bool {
	return w.old != nil && w.old.Bound() && w.name != "" && !d.sameName(w.name, w.old.Link.Name)
}

// names lists everything a protection pattern is compared with.
func (w *wish) names() []string {
	var out []string
	if w.entry != nil {
		out = slices.Concat(w.entry.Names, w.entry.NamesAlso, w.entry.Addresses)
	}
	if w.old != nil {
		out = append(out, w.old.Name, w.old.Link.Name)
	}
	return append(out, w.name)
}

// checkConflict holds an entry whose name another living entry claims too.
func (d *decider) checkConflict(w *wish) {
	if w.name == "" {
		return
	}
	other, ok := d.claimant(d.hash(w.name), w.ref)
	if !ok {
		return
	}
	code, as := HoldAddressConflict, "lists it as an address"
	if other.name {
		code, as = HoldNameConflict, "claims it as its name"
	}
	if w.changesIdentity(d) || w.old == nil || !w.old.Bound() {
		d.holdWish(w, code, fmt.Sprintf("another living entry (%s of source %s) %s too", other.ref.ID, other.ref.Source, as))
	} else {
		d.hold(code, w.ref, w.row.Link.Account, w.name,
			fmt.Sprintf("another living entry (%s of source %s) %s too", other.ref.ID, other.ref.Source, as))
	}
}

// samePerson tells whether two principals are proven to be one person: at
// least one attribute is filled on both sides, and all that are filled on both
// sides agree. differs is true if a pair that is filled disagrees.
func samePerson(a, b []Hash) (agree, differs bool) {
	for i := range min(len(a), len(b)) {
		if a[i].IsZero() || b[i].IsZero() {
			continue
		}
		if a[i] != b[i] {
			return false, true
		}
		agree = true
	}
	return agree, false
}
