package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"syncagent/internal/reconcile"
)

// Spec is the "map" part of the configuration of one source. Attribute names
// are compared without case everywhere; for SQL they are column names.
type Spec struct {
	// ID is the attribute of the stable ID, or "auto" where the source can find it
	// out by itself. The mapper does not read it: sources canonicalise IDs.
	ID string
	// IDNeverReused promises that the directory never hands an ID out twice.
	IDNeverReused bool
	// Name is the template of the account name: text with {attribute}, "{{" is a
	// brace.
	Name string
	// NameAlso holds templates of other names of the same person.
	NameAlso []string
	// Addresses are the attributes that hold mail addresses.
	Addresses []AddressSpec
	Kind      KindSpec
	Enabled   EnabledSpec
	// SamePerson are attributes that tell one person from another.
	SamePerson []string
	// Created is the attribute that tells when the entry was made.
	Created string
	// Leaver marks entries that count as missing (sql.leavers).
	Leaver LeaverSpec
}

// AddressSpec is one attribute with mail addresses.
type AddressSpec struct {
	Attribute string
	// Prefix is compared without case and cut off; values without it are not
	// addresses (Active Directory: "smtp:").
	Prefix string
}

// KindSpec tells how an attribute gives the kind. Without an attribute every
// entry is an individual.
type KindSpec struct {
	Attribute string
	// Values maps values to individual, group or admin; these three words always
	// stand for themselves. Anything else is unknown and protected.
	Values map[string]string
}

// EnabledSpec tells how an attribute says that the person may log in. At most
// one operator is set; without one the attribute is a flag.
type EnabledSpec struct {
	Attribute string
	// Absent: enabled if the attribute has no value.
	Absent bool
	// Is: enabled if a value is one of these.
	Is []string
	// Not: enabled if no value is one of these.
	Not []string
	// BitClear: enabled if all these bits of the integer are clear.
	BitClear int64
}

// HasOperator tells whether one of absent, is, not and bit_clear is set.
func (s EnabledSpec) HasOperator() bool { return s.operators() > 0 }

func (s EnabledSpec) operators() int {
	n := 0
	for _, set := range []bool{s.Absent, len(s.Is) > 0, len(s.Not) > 0, s.BitClear != 0} {
		if set {
			n++
		}
	}
	return n
}

// LeaverSpec names a column and the values of it that mark a leaver.
type LeaverSpec struct {
	Column string
	Is     []string
}

func (s Spec) problems() []error {
	var all []error
	add := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	for i, a := range s.Addresses {
		if strings.TrimSpace(a.Attribute) == "" {
			add("map.addresses[%d]: the attribute is missing", i)
		}
	}
	if s.Kind.Attribute == "" && len(s.Kind.Values) > 0 {
		add("map.kind.attribute: is missing, although map.kind.values is set")
	}
	all = append(all, s.Kind.problems()...)
	switch n := s.Enabled.operators(); {
	case s.Enabled.Attribute == "" && n > 0:
		add("map.enabled.attribute: is missing, although an operator is set")
	case n > 1:
		add("map.enabled: use only one of absent, is, not and bit_clear")
	case s.Enabled.BitClear < 0:
		add("map.enabled.bit_clear: must be above 0, not %d", s.Enabled.BitClear)
	}
	for i, a := range s.SamePerson {
		if strings.TrimSpace(a) == "" {
			add("map.same_person[%d]: the attribute is missing", i)
		}
	}
	if s.Leaver.Column == "" && len(s.Leaver.Is) > 0 {
		add("sql.leavers.column: is missing")
	}
	if s.Leaver.Column != "" && len(s.Leaver.Is) == 0 {
		add("sql.leavers.is: at least one value is needed")
	}
	return all
}

func (k KindSpec) problems() []error {
	var all []error
	seen := map[string]string{}
	for _, value := range sortedKeys(k.Values) {
		if _, ok := kindByName(k.Values[value]); !ok {
			all = append(all, fmt.Errorf("map.kind.values.%s: unknown kind %q (individual, group or admin)", value, k.Values[value]))
		}
		if other, ok := seen[fold(value)]; ok {
			all = append(all, fmt.Errorf("map.kind.values.%s: is the same value as %q; case does not count", value, other))
		}
		seen[fold(value)] = value
	}
	return all
}

func kindByName(name string) (reconcile.Kind, bool) {
	switch fold(name) {
	case "individual":
		return reconcile.KindIndividual, true
	case "group":
		return reconcile.KindGroup, true
	case "admin":
		return reconcile.KindAdmin, true
	}
	return reconcile.KindUnknown, false
}

// Compile checks a mapping and prepares it. The error joins all problems, each
// starting with its key path ("map.name: …").
func Compile(spec Spec) (*Mapper, error) {
	m := &Mapper{spec: spec}
	problems := spec.problems()
	var err error
	if m.name, err = parseTemplate(spec.Name); err != nil {
		problems = append(problems, fmt.Errorf("map.name: %w", err))
	}
	for i, text := range spec.NameAlso {
		t, err := parseTemplate(text)
		if err != nil {
			problems = append(problems, fmt.Errorf("map.name_also[%d]: %w", i, err))
			continue
		}
		m.nameAlso = append(m.nameAlso, t)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	m.kinds = make(map[string]reconcile.Kind, len(spec.Kind.Values))
	for value, name := range spec.Kind.Values {
		m.kinds[fold(value)], _ = kindByName(name)
	}
	m.attributes = m.collectAttributes()
	return m, nil
}

func (m *Mapper) collectAttributes() []string {
	var all []string
	for _, t := range append([]template{m.name}, m.nameAlso...) {
		all = append(all, t.attributes()...)
	}
	for _, a := range m.spec.Addresses {
		all = append(all, a.Attribute)
	}
	all = append(all, m.spec.Kind.Attribute, m.spec.Enabled.Attribute, m.spec.Created, m.spec.Leaver.Column)
	all = append(all, m.spec.SamePerson...)
	seen := map[string]bool{"": true}
	var out []string
	for _, a := range all {
		a = strings.TrimSpace(a)
		if !seen[fold(a)] {
			seen[fold(a)] = true
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(fold(a), fold(b)) })
	return out
}
