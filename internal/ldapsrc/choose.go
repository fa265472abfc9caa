package ldapsrc

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// idRuleFor settles which attribute gives the stable IDs: the configured one,
// the one that was chosen before, or what the server is known or seen to have.
func (s *Source) idRuleFor(ctx context.Context, c *conn) (idRule, error) {
	switch {
	case s.opts.ID != Auto:
		return ruleFor(s.opts.ID), nil
	case s.opts.KeepID != "":
		return ruleFor(s.opts.KeepID), nil
	}
	return s.chooseID(ctx, c)
}

// chooseID finds the ID attribute from the product, and where that is unknown
// from the first entry that can be read.
func (s *Source) chooseID(ctx context.Context, c *conn) (idRule, error) {
	if name := c.root.idAttribute(); name != "" {
		return ruleFor(name), nil
	}
	return s.probeID(ctx, c)
}

// idAttribute gives the ID attribute of a product that is recognised, else "".
// 389 Directory Server gets nsUniqueId even where newer builds have entryUUID:
// entries from before that plug-in lack it.
func (r *rootDSE) idAttribute() string {
	vendor := strings.ToLower(r.vendor())
	switch {
	case r.activeDirectory():
		return "objectGUID"
	case vendor == "openldap":
		return "entryUUID"
	case strings.Contains(vendor, "389"), strings.Contains(vendor, "red hat"), strings.Contains(vendor, "sun microsystems"):
		return "nsUniqueId"
	case strings.Contains(vendor, "novell"), strings.Contains(vendor, "netiq"), strings.Contains(vendor, "edirectory"):
		return "GUID"
	}
	return ""
}

// probeID asks for all known ID attributes of a few entries and takes the first
// that one of them has. A size limit that cuts the answer is of no matter here,
// but the library gives no partial answer, so the page is small instead.
func (s *Source) probeID(ctx context.Context, c *conn) (idRule, error) {
	wanted := make([]string, len(knownIDs))
	for i, known := range knownIDs {
		wanted[i] = known.attribute
	}
	for _, base := range s.opts.Bases {
		q := query{base: base, scope: s.scope(), filter: s.opts.Filter, attributes: wanted}
		if !c.root.lacksPaging() {
			q.paging = &paging{size: 5}
		}
		answer, err := c.search(ctx, q)
		if err != nil {
			return idRule{}, err
		}
		for _, known := range knownIDs {
			for i := range answer.entries {
				if len(answer.entries[i].raw(known.attribute)) > 0 {
					return known, nil
				}
			}
		}
	}
	return idRule{}, &noIDAttributeError{}
}

// noIDAttributeError says that Auto found nothing.
type noIDAttributeError struct{}

func (*noIDAttributeError) Error() string {
	names := make([]string, len(knownIDs))
	for i, known := range knownIDs {
		names[i] = known.attribute
	}
	return fmt.Sprintf("no entry shows one of the attributes %s", strings.Join(names, ", "))
}

// scope gives the number of the configured scope (RFC 4511 §4.5.1.2).
func (s *Source) scope() int {
	if s.opts.Scope == scopeOne {
		return ldap.ScopeSingleLevel
	}
	return ldap.ScopeWholeSubtree
}
