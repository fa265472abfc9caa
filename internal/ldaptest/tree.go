package ldaptest

import (
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// node is one entry of the tree.
type node struct {
	seq    int // place in the order in which entries are given
	dn     string
	parsed *ldap.DN
	attrs  []attr
}

// attr is one attribute description with values, which may be any bytes.
type attr struct {
	description string
	values      []string
}

// Add adds an entry at the end of the order, or changes all of an entry that
// is there. Keys of attrs may have options; values may hold any bytes. It
// gives the server back, for chains.
func (s *Server) Add(dn string, attrs map[string][]string) *Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		panic("ldaptest: " + err.Error())
	}
	n := s.find(parsed)
	if n == nil {
		s.lastSeq++
		n = &node{seq: s.lastSeq, dn: dn, parsed: parsed}
		s.nodes = append(s.nodes, n)
	}
	n.attrs = nil
	for name, values := range attrs {
		n.attrs = append(n.attrs, attr{name, slices.Clone(values)})
	}
	slices.SortFunc(n.attrs, func(a, b attr) int { return strings.Compare(a.description, b.description) })
	return s
}

// Remove removes an entry.
func (s *Server) Remove(dn string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	parsed, _ := ldap.ParseDN(dn)
	s.nodes = slices.DeleteFunc(s.nodes, func(n *node) bool { return n.parsed.EqualFold(parsed) })
}

// Move gives an entry another DN and puts it at the end of the order, as
// servers do that sort by DN: a reader in the middle may see it twice or, if
// it moves to the front, never.
func (s *Server) Move(dn, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	parsed, _ := ldap.ParseDN(dn)
	n := s.find(parsed)
	if n == nil {
		panic("ldaptest: no entry " + dn)
	}
	s.lastSeq++
	n.dn, n.seq = to, s.lastSeq
	n.parsed, _ = ldap.ParseDN(to)
	slices.SortFunc(s.nodes, func(a, b *node) int { return a.seq - b.seq })
}

func (s *Server) find(dn *ldap.DN) *node {
	for _, n := range s.nodes {
		if n.parsed.EqualFold(dn) {
			return n
		}
	}
	return nil
}

// inScope tells whether a node belongs to a search (RFC 4511 §4.5.1.2).
func (n *node) inScope(base *ldap.DN, scope int) bool {
	switch scope {
	case ldap.ScopeBaseObject:
		return n.parsed.EqualFold(base)
	case ldap.ScopeSingleLevel:
		return base.AncestorOfFold(n.parsed) && len(n.parsed.RDNs) == len(base.RDNs)+1
	}
	return n.parsed.EqualFold(base) || base.AncestorOfFold(n.parsed)
}

// values gives the values of an attribute whatever its options.
func (n *node) values(name string) (values []string, present bool) {
	for _, a := range n.attrs {
		if sameAttribute(a.description, name) {
			values, present = append(values, a.values...), true
		}
	}
	return values, present && len(values) > 0
}

// sameAttribute tells whether a description is the wanted one or a subtype of
// it by options.
func sameAttribute(description, wanted string) bool {
	if strings.EqualFold(description, wanted) {
		return true
	}
	name, _, _ := strings.Cut(description, ";")
	return strings.EqualFold(name, wanted)
}
