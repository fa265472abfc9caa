package mapping

import (
	"fmt"
	"slices"
	"strings"

	"syncagent/internal/reconcile"
)

// Record is one raw record of a directory. Values gives the values of an
// attribute, whose name is compared without case, in the order of the source;
// none if it is absent or NULL.
type Record interface {
	Values(attribute string) []string
}

// Mapper turns records into entries. It is immutable and safe for concurrent
// use.
type Mapper struct {
	spec       Spec
	name       template
	nameAlso   []template
	kinds      map[string]reconcile.Kind
	attributes []string
}

// The codes of the warnings of Entry.
const (
	WarnNameUnusable    = "name-unusable"
	WarnNamesCut        = "names-cut"
	WarnAddressNoDomain = "address-without-domain"
	WarnAddressUnusable = "address-unusable"
	WarnCreated         = "created-unreadable"
)

// Attributes names every attribute that the mapping reads, sorted, without
// the stable ID.
func (m *Mapper) Attributes() []string { return slices.Clone(m.attributes) }

// Spec returns the mapping as it was configured.
func (m *Mapper) Spec() Spec { return m.spec }

// Entry maps a record. The ID is the canonical one; label is what people
// recognise the entry by. Warnings concern values that were left out: they
// hold one reason per value and are meant for a Tally. Entry does not fail: what
// cannot be read becomes "unknown" or "none".
func (m *Mapper) Entry(id reconcile.StableID, label string, r Record) (reconcile.Entry, []reconcile.Reason) {
	var w warnings
	e := reconcile.Entry{ID: id, Label: label, AddressesMapped: len(m.spec.Addresses) > 0}
	e.Names = m.names(m.name, r, &w)
	for _, t := range m.nameAlso {
		names := m.names(t, r, &w)
		e.Also, e.NamesAlso = append(e.Also, names), append(e.NamesAlso, names...)
	}
	e.NamesAlso = unique(e.NamesAlso)
	e.Addresses = m.addresses(r, &w)
	e.Kind = m.kind(r)
	e.Enabled = m.spec.Enabled.read(r)
	for _, a := range m.spec.SamePerson {
		e.SamePerson = append(e.SamePerson, samePerson(r.Values(a)))
	}
	if m.spec.Created != "" {
		if values := nonEmpty(r.Values(m.spec.Created)); len(values) > 0 {
			created, ok := ParseTime(values[0])
			if !ok {
				w.add(WarnCreated, "cannot read the time %q in %s", values[0], m.spec.Created)
			}
			e.Created = created
		}
	}
	if m.spec.Leaver.Column != "" {
		e.Leaver = slices.ContainsFunc(r.Values(m.spec.Leaver.Column), func(v string) bool {
			return containsFold(m.spec.Leaver.Is, v)
		})
	}
	return e, w
}

func (m *Mapper) names(t template, r Record, w *warnings) []string {
	names, unusable, cut := t.names(r)
	if unusable {
		w.add(WarnNameUnusable, "a value of %s holds control characters or broken UTF-8", strings.Join(t.attributes(), ", "))
	}
	if cut {
		w.add(WarnNamesCut, "%s give more than %d names", strings.Join(t.attributes(), ", "), maxNames)
	}
	return names
}

// kind is strict: several values must all be known and agree.
func (m *Mapper) kind(r Record) reconcile.Kind {
	if m.spec.Kind.Attribute == "" {
		return reconcile.KindIndividual
	}
	kind := reconcile.KindUnknown
	for i, v := range nonEmpty(r.Values(m.spec.Kind.Attribute)) {
		k, ok := m.kinds[fold(v)]
		if !ok {
			k, _ = kindByName(v)
		}
		if i > 0 && k != kind {
			return reconcile.KindUnknown
		}
		kind = k
	}
	return kind
}

// samePerson joins several values in an order that does not depend on the
// server's.
func samePerson(values []string) string {
	values = slices.Clone(nonEmpty(values))
	slices.Sort(values)
	return strings.Join(slices.Compact(values), "\n")
}

func nonEmpty(values []string) []string {
	var out []string
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

type warnings []reconcile.Reason

func (w *warnings) add(code, format string, args ...any) {
	*w = append(*w, reconcile.Reason{Code: code, Message: fmt.Sprintf(format, args...)})
}
