package mapping

import (
	"slices"
	"strings"
)

// Term is a search for entries whose attribute has the value, compared without
// case. The value is lower-case.
type Term struct{ Attribute, Value string }

// NameTerms gives the searches that together find every entry that bears the
// name, by map.name or map.name_also: any one of them may hit. A template that
// cannot give this name adds none; no terms at all means that no entry can bear
// it. With several attributes in a template a hit may bear another name, so
// map what was found and compare.
func (m *Mapper) NameTerms(name string) []Term {
	name = fold(name)
	var all []Term
	for _, t := range append([]template{m.name}, m.nameAlso...) {
		all = append(all, t.terms(name)...)
	}
	return uniqueTerms(all)
}

// AddressTerms gives the searches that together find every entry that lists
// the address.
func (m *Mapper) AddressTerms(address string) []Term {
	address = fold(address)
	if address == "" {
		return nil
	}
	var all []Term
	for _, a := range m.spec.Addresses {
		all = append(all, Term{Attribute: a.Attribute, Value: strings.ToLower(a.Prefix) + address})
	}
	return uniqueTerms(all)
}

// terms searches by the attribute of the template that leaves the fewest
// possible values, the longer ones first.
func (t template) terms(name string) []Term {
	var best []Term
	for i, p := range t.parts {
		if p.attribute == "" {
			continue
		}
		terms := t.termsOf(i, name)
		if len(terms) == 0 {
			return nil
		}
		if best == nil || len(terms) < len(best) ||
			len(terms) == len(best) && len(terms[0].Value) > len(best[0].Value) {
			best = terms
		}
	}
	return best
}

// termsOf lists every value of one attribute with which the template can give
// the name, whatever the others are.
func (t template) termsOf(i int, name string) []Term {
	before, after := matcher(t.parts[:i]), matcher(t.parts[i+1:])
	start, end := before.prefixes(name), after.suffixes(name)
	var all []Term
	for from := range start {
		if !start[from] {
			continue
		}
		for to := from + 1; to <= len(name); to++ {
			if end[to] {
				if v := strings.TrimSpace(name[from:to]); v != "" {
					all = append(all, Term{Attribute: t.parts[i].attribute, Value: v})
				}
			}
		}
	}
	return uniqueTerms(all)
}

// matcher is a part of a template in which every attribute stands for at least
// one byte.
type matcher []part

// prefixes tells for each position whether the parts can give name[:position].
func (m matcher) prefixes(name string) []bool {
	at := make([]bool, len(name)+1)
	at[0] = true
	for _, p := range m {
		next := make([]bool, len(name)+1)
		reached := false
		for i, ok := range at {
			if p.attribute != "" {
				next[i] = reached
				reached = reached || ok
				continue
			}
			literal := strings.ToLower(p.literal)
			if ok && strings.HasPrefix(name[i:], literal) {
				next[i+len(literal)] = true
			}
		}
		at = next
	}
	return at
}

// suffixes tells for each position whether the parts can give name[position:].
func (m matcher) suffixes(name string) []bool {
	at := make([]bool, len(name)+1)
	at[len(name)] = true
	for _, p := range slices.Backward(m) {

		next := make([]bool, len(name)+1)
		reached := false
		for i := len(name); i >= 0; i-- {
			if p.attribute != "" {
				next[i] = reached
				reached = reached || at[i]
				continue
			}
			literal := strings.ToLower(p.literal)
			if at[i] && strings.HasSuffix(name[:i], literal) {
				next[i-len(literal)] = true
			}
		}
		at = next
	}
	return at
}

func uniqueTerms(terms []Term) []Term {
	seen := make(map[Term]bool, len(terms))
	var out []Term
	for _, t := range terms {
		key := Term{Attribute: fold(t.Attribute), Value: t.Value}
		if !seen[key] {
			seen[key] = true
			out = append(out, t)
		}
	}
	return out
}
