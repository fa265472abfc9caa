package ldaptest

import (
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// truth is LDAP's three-valued logic (RFC 4511 §4.5.1.7).
type truth int

const (
	isFalse truth = iota
	isUndefined
	isTrue
)

func truthOf(ok bool) truth {
	if ok {
		return isTrue
	}
	return isFalse
}

// matches evaluates a filter as it came over the wire.
func (s *Server) matches(n *node, filter *ber.Packet) truth {
	switch filter.Tag {
	case ldap.FilterAnd:
		result := isTrue
		for _, part := range filter.Children {
			result = min(result, s.matches(n, part))
		}
		return result
	case ldap.FilterOr:
		result := isFalse
		for _, part := range filter.Children {
			result = max(result, s.matches(n, part))
		}
		return result
	case ldap.FilterNot:
		return isTrue - s.matches(n, filter.Children[0])
	case ldap.FilterPresent:
		return s.present(n, text(filter))
	case ldap.FilterEqualityMatch:
		return s.equal(n, text(filter.Children[0]), text(filter.Children[1]))
	case ldap.FilterSubstrings:
		return s.substring(n, filter)
	}
	return isUndefined
}

func (s *Server) searchable(name string) bool {
	return !slices.ContainsFunc(s.opts.Unsearchable, func(u string) bool { return strings.EqualFold(u, name) })
}

func (s *Server) present(n *node, name string) truth {
	if !s.searchable(name) {
		return isUndefined
	}
	if strings.EqualFold(name, "objectClass") {
		return isTrue
	}
	_, ok := n.values(name)
	return truthOf(ok)
}

func (s *Server) equal(n *node, name, value string) truth {
	if !s.searchable(name) {
		return isUndefined
	}
	values, _ := n.values(name)
	return truthOf(slices.ContainsFunc(values, func(v string) bool { return v == value || prepared(v) == prepared(value) }))
}

func (s *Server) substring(n *node, filter *ber.Packet) truth {
	name := text(filter.Children[0])
	if !s.searchable(name) {
		return isUndefined
	}
	values, _ := n.values(name)
	return truthOf(slices.ContainsFunc(values, func(v string) bool {
		return substringMatch(prepared(v), filter.Children[1].Children)
	}))
}

func substringMatch(value string, parts []*ber.Packet) bool {
	for _, p := range parts {
		want := prepared(text(p))
		switch p.Tag {
		case ldap.FilterSubstringsInitial:
			if !strings.HasPrefix(value, want) {
				return false
			}
			value = value[len(want):]
		case ldap.FilterSubstringsAny:
			at := strings.Index(value, want)
			if at < 0 {
				return false
			}
			value = value[at+len(want):]
		case ldap.FilterSubstringsFinal:
			return strings.HasSuffix(value, want)
		}
	}
	return true
}

// prepared is the form in which text is compared: without case, blanks folded.
func prepared(v string) string { return strings.ToLower(strings.Join(strings.Fields(v), " ")) }

// text gives the bytes of a primitive value.
func text(p *ber.Packet) string {
	if p.Data != nil && p.Data.Len() > 0 {
		return p.Data.String()
	}
	if b, ok := p.Value.(string); ok {
		return b
	}
	return string(p.ByteValue)
}
