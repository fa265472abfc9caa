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
		d.holdWish(w, HoldProtected, fmt.Sprintf("protected by the pattern %q", pattern))
	} else if ok {
		w.still = true
	}
	d.checkConflict(w)
	if w.old != nil && !w.old.HeldEntry.IsZero() {
		if w.old.HeldEntry == w.row.Entry {
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

// protected tells whether a pattern of the configuration or of a person
// protects any of the names or the ID.
func (d *decider) protected(ref PrincipalRef, names ...string) (string, bool) {
	var patterns []string
	if s := d.sources[ref.Source]; s != nil {
		patterns = append(patterns, s.Policy.Protect...)
	} else { // an account without an owner: whoever protects it means it
		for _, name := range sortedKeys(d.sources) {
			patterns = append(patterns, d.sources[name].Policy.Protect...)
		}
	}
	for _, p := range d.Protections {
		patterns = append(patterns, p.Pattern)
	}
	for _, pattern := range patterns {
		if MatchPattern(pattern, string(ref.ID)) {
			return pattern, true
		}
		for _, name := range names {
			if MatchName(pattern, name) {
				return pattern, true
			}
		}
	}
	return "", false
}

// untouchable says why an account must not be written, whoever is linked to it.
func (d *decider) untouchable(a *Account, ref PrincipalRef) (string, bool) {
	switch {
	case a.ID == d.Self || (d.SelfName != "" && d.sameName(a.Name, d.SelfName)):
		return "it is the account that syncagent itself logs in with", true
	case a.Kind != KindIndividual:
		return "it is not a plain user account on the mail server", true
	}
	names := append([]string{a.Name}, a.Addresses...)
	if pattern, ok := d.protected(ref, names...); ok {
		return fmt.Sprintf("protected by the pattern %q", pattern), true
	}
	return "", false
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

func (d *decider) holdWish(w *wish, code, message string) {
	w.held = true
	name := w.name
	if name == "" && w.old != nil {
		name = w.old.Name
	}
	if name == "" && w.entry != nil {
		name = w.entry.Label
	}
	d.hold(code, w.ref, w.row.Link.Account, name, message)
}

func (d *decider) hold(code string, ref PrincipalRef, account AccountID, name, message string) {
	info, _ := CodeInfo(code)
	d.holds = append(d.holds, Hold{
		Code: code, Source: ref.Source, StableID: ref.ID, Account: account,
		Name: name, Message: message, Hint: info.Hint,
	})
}

func (d *decider) notice(code string, source string, a *Account, message string) {
	n := Notice{Code: code, Source: source, Message: message}
	if a != nil {
		n.Account, n.Name = a.ID, a.Name
	}
	d.notices = append(d.notices, n)
}
