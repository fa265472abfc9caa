package ldaptest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// request is a search as it came.
type request struct {
	id        int64
	base      *ldap.DN
	scope     int
	sizeLimit int
	filter    *ber.Packet
	wanted    []string
	paged     bool
	size      int
	cookie    string
}

func (c *session) parse(id int64, op, controls *ber.Packet) (*request, bool) {
	if len(op.Children) < 8 {
		return nil, false
	}
	base, err := ldap.ParseDN(text(op.Children[0]))
	if err != nil {
		return nil, false
	}
	scope, _ := op.Children[1].Value.(int64)
	limit, _ := op.Children[3].Value.(int64)
	r := &request{id: id, base: base, scope: int(scope), sizeLimit: int(limit), filter: op.Children[6]}
	for _, a := range op.Children[7].Children {
		r.wanted = append(r.wanted, text(a))
	}
	r.size, r.cookie, r.paged = pagingRequest(controls)
	return r, true
}

// done puts the end of a search into the output and sends all.
func (c *session) done(r *request, code int, message string, controls *ber.Packet) error {
	c.result(r.id, ldap.ApplicationSearchResultDone, code, message, controls)
	return c.flush()
}

func (c *session) search(id int64, op, controls *ber.Packet) error {
	s := c.server
	r, ok := c.parse(id, op, controls)
	if !ok {
		return c.done(&request{id: id}, ldap.LDAPResultInvalidDNSyntax, "", nil)
	}
	if len(r.base.RDNs) == 0 && r.scope == ldap.ScopeBaseObject {
		if attrs, ok := s.rootDSE(); ok {
			c.entry(id, "", selectAttributes(attrs, r.wanted))
		}
		return c.done(r, 0, "", nil)
	}
	if o := s.options(); o.RequireBind && !c.bound {
		if o.Vendor == ActiveDirectory {
			return c.done(r, ldap.LDAPResultOperationsError, "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must be completed on the connection., data 0, v4563", nil)
		}
		return c.done(r, ldap.LDAPResultInsufficientAccessRights, "", nil)
	}
	if r.scope == ldap.ScopeBaseObject {
		return c.searchBase(r)
	}
	return c.searchPage(r)
}

// searchBase answers for one entry, ranges included. The page faults do not
// concern it.
func (c *session) searchBase(r *request) error {
	s := c.server
	s.mu.Lock()
	n := s.find(r.base)
	hidden := n == nil || s.opts.Hidden != nil && s.opts.Hidden(n.dn)
	match := !hidden && s.matches(n, r.filter) == isTrue
	if match {
		copied := *n
		n = &copied
	}
	limit := s.opts.MaxValRange
	s.mu.Unlock()
	if hidden {
		return c.done(r, ldap.LDAPResultNoSuchObject, "", nil)
	}
	if !match {
		return c.done(r, 0, "", nil)
	}
	if len(r.wanted) == 1 && strings.Contains(strings.ToLower(r.wanted[0]), ";range=") {
		return c.searchRange(r, n, limit)
	}
	c.entry(r.id, n.dn, s.shown(n, r.wanted))
	return c.done(r, 0, "", nil)
}

// searchRange gives the values from the low end that was asked for.
func (c *session) searchRange(r *request, n *node, limit int) error {
	if c.server.has(BreakRange, 0) {
		return c.done(r, ldap.LDAPResultUnwillingToPerform, "no ranges today", nil)
	}
	name, option, _ := strings.Cut(r.wanted[0], ";")
	low, _ := strconv.Atoi(strings.TrimSuffix(strings.ToLower(option)[len("range="):], "-*"))
	if c.server.has(EndlessRange, 0) {
		low = 0
	}
	values, _ := n.values(name)
	if low >= len(values) {
		return c.done(r, ldap.LDAPResultOperationsError, "range out of bounds", nil)
	}
	high := min(low+limit, len(values))
	end := strconv.Itoa(high - 1)
	if high == len(values) {
		end = "*"
	}
	c.entry(r.id, n.dn, []attr{{fmt.Sprintf("%s;range=%d-%s", name, low, end), values[low:high]}})
	return c.done(r, 0, "", nil)
}

// hits gives what a search finds, in order, after a place in the order. ok is
// false if the base is not there.
func (s *Server) hits(r *request, after int) (found []*node, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	base := s.find(r.base)
	if base == nil || s.opts.Hidden != nil && s.opts.Hidden(base.dn) {
		return nil, false
	}
	for _, n := range s.nodes {
		if n.seq <= after || !n.inScope(r.base, r.scope) || s.opts.Hidden != nil && s.opts.Hidden(n.dn) {
			continue
		}
		if s.matches(n, r.filter) == isTrue {
			copied := *n
			found = append(found, &copied)
		}
	}
	return found, true
}

// operational are attributes that come only if asked for by name.
var operational = []string{"entryUUID", "nsUniqueId", "contextCSN", "createTimestamp", "GUID"}

// selectAttributes gives what a request wants (RFC 4511 §4.5.1.8).
func selectAttributes(attrs []attr, wanted []string) []attr {
	all := len(wanted) == 0 || slices.Contains(wanted, "*")
	var shown []attr
	for _, a := range attrs {
		named := slices.ContainsFunc(wanted, func(w string) bool { return sameAttribute(a.description, w) })
		hidden := slices.ContainsFunc(operational, func(o string) bool { return strings.EqualFold(o, a.description) })
		if named || all && !hidden {
			shown = append(shown, a)
		}
	}
	return shown
}

// shown gives the attributes of a node as they go out: in ranges and in odd
// case where the options want it.
func (s *Server) shown(n *node, wanted []string) []attr {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := slices.Clone(selectAttributes(n.attrs, wanted))
	for i := range shown {
		a := &shown[i]
		if s.opts.OddCase {
			a.description = oddCase(a.description)
		}
		if limit := s.opts.MaxValRange; limit > 0 && len(a.values) > limit {
			a.description = fmt.Sprintf("%s;range=0-%d", a.description, limit-1)
			a.values = a.values[:limit]
		}
	}
	return shown
}

func oddCase(name string) string {
	b := []byte(strings.ToLower(name))
	for i := 0; i < len(b); i += 2 {
		if b[i] >= 'a' && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}
