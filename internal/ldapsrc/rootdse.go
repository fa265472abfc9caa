package ldapsrc

import (
	"context"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// Well-known OIDs.
const (
	oidPaging          = "1.2.840.113556.1.4.319" // RFC 2696
	oidActiveDirectory = "1.2.840.113556.1.4.800" // LDAP_CAP_ACTIVE_DIRECTORY_OID, [MS-ADTS] 3.1.1.3.4.3
)

// rootDSE is what a server tells about itself (RFC 4512 §5.1). Servers may
// hide it; then read is false and everything is empty.
type rootDSE struct {
	read     bool
	entry    entry
	contexts []string // naming contexts as the server spells them, sorted
}

var rootAttributes = []string{
	"namingContexts", "supportedControl", "supportedCapabilities", "supportedExtension",
	"supportedSASLMechanisms", "vendorName", "vendorVersion", "objectClass",
	"defaultNamingContext", "dsServiceName", "highestCommittedUSN",
}

// readRootDSE reads the rootDSE. That a server refuses to show it is no error;
// a broken connection is.
func (c *conn) readRootDSE(ctx context.Context) error {
	answer, err := c.search(ctx, query{base: "", scope: ldap.ScopeBaseObject, filter: anyEntry, attributes: rootAttributes})
	if answered(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(answer.entries) == 1 {
		c.root = rootDSE{read: true, entry: answer.entries[0], contexts: answer.entries[0].texts("namingContexts")}
		slices.Sort(c.root.contexts)
	}
	return nil
}

// paging tells whether the server says that it can give pages.
func (r *rootDSE) paging() bool {
	return slices.Contains(r.entry.texts("supportedControl"), oidPaging)
}

// lacksPaging is true only if the server lists its controls without paging. A
// server that hides its rootDSE is asked for pages.
func (r *rootDSE) lacksPaging() bool {
	return r.read && len(r.entry.raw("supportedControl")) > 0 && !r.paging()
}

func (r *rootDSE) activeDirectory() bool {
	return slices.Contains(r.entry.texts("supportedCapabilities"), oidActiveDirectory)
}

// vendor gives the product in words, "" if unknown.
func (r *rootDSE) vendor() string {
	switch {
	case r.activeDirectory():
		return "Active Directory"
	case slices.ContainsFunc(r.entry.texts("objectClass"), func(s string) bool { return strings.EqualFold(s, "OpenLDAProotDSE") }):
		return "OpenLDAP"
	}
	return printable(strings.TrimSpace(r.entry.first("vendorName") + " " + r.entry.first("vendorVersion")))
}

// contextOf gives the naming context that contains a DN, the longest if
// several do; ok is false if none does.
func (r *rootDSE) contextOf(dn string) (context string, ok bool) {
	longest := -1
	for _, candidate := range r.contexts {
		parsed, err := ldap.ParseDN(candidate)
		if err != nil || len(parsed.RDNs) == 0 || !within(dn, candidate) {
			continue
		}
		if len(parsed.RDNs) > longest {
			longest, context, ok = len(parsed.RDNs), candidate, true
		}
	}
	return context, ok
}

// within tells whether a DN is the base or below it.
func within(dn, base string) bool {
	a, err := ldap.ParseDN(dn)
	if err != nil {
		return false
	}
	b, err := ldap.ParseDN(base)
	if err != nil {
		return false
	}
	return a.EqualFold(b) || b.AncestorOfFold(a)
}
