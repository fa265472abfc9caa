package ldapsrc

import (
	"context"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"syncagent/internal/mapping"
)

// positions tells how far a server's data go, so that a later snapshot from a
// lagging replica is recognised: OpenLDAP's contextCSN of each server ID, or
// Active Directory's highestCommittedUSN of the domain controller's database.
// Nil where the server tells nothing. The scopes are those of which a server
// tells all marks (see reconcile.Evidence): every replica of OpenLDAP tells the
// changes of every provider, while a domain controller only counts its own.
// Only a broken connection is an error.
func (c *conn) positions(ctx context.Context, bases []string) (found map[string]string, scopes []string, err error) {
	if c.root.activeDirectory() {
		found, err = c.usnPosition(ctx)
		return found, nil, err
	}
	var suffixes []string
	for _, base := range bases {
		suffix, ok := c.root.contextOf(base)
		if !ok {
			suffix = base
		}
		suffixes = append(suffixes, canonicalDN(suffix))
	}
	slices.Sort(suffixes)
	suffixes = slices.Compact(suffixes)
	for _, suffix := range suffixes {
		values, err := c.attribute(ctx, suffix, "contextCSN")
		if err != nil {
			return nil, nil, err
		}
		scope, tail := "", ""
		if len(suffixes) > 1 {
			scope, tail = suffix, "#"+suffix // the marks of two databases do not mix
		}
		scopes = append(scopes, scope)
		for _, v := range values {
			if id, ok := csnServer(string(v)); ok && string(v) > found[id+tail] {
				if found == nil {
					found = map[string]string{}
				}
				found[id+tail] = string(v)
			}
		}
	}
	return found, scopes, nil
}

// csnServer takes the server ID out of a CSN such as
// 20261122133954.653295Z#000000#001#000000.
func csnServer(csn string) (string, bool) {
	parts := strings.Split(csn, "#")
	if len(parts) != 4 || parts[0] == "" || parts[2] == "" {
		return "", false
	}
	return parts[2], true
}

// usnPosition reads the update sequence number. It counts per database, which
// the invocation ID names; a restored domain controller gets a new one.
func (c *conn) usnPosition(ctx context.Context) (map[string]string, error) {
	usn, settings := c.root.entry.first("highestCommittedUSN"), c.root.entry.first("dsServiceName")
	if usn == "" || settings == "" {
		return nil, nil
	}
	values, err := c.attribute(ctx, settings, "invocationId")
	if err != nil {
		return nil, err
	}
	if len(values) == 1 {
		if id, err := mapping.GUIDText(values[0]); err == nil {
			return map[string]string{id: usn}, nil
		}
	}
	return map[string]string{canonicalDN(settings): usn}, nil
}

// attribute reads one attribute of one entry. An entry that is not there or may
// not be read has none.
func (c *conn) attribute(ctx context.Context, dn, name string) ([][]byte, error) {
	answer, err := c.search(ctx, query{base: dn, scope: ldap.ScopeBaseObject, filter: anyEntry, attributes: []string{name}})
	if answered(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(answer.entries) != 1 {
		return nil, nil
	}
	return answer.entries[0].raw(name), nil
}
