package ldapsrc

import (
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// canonicalDN gives a DN in a form in which two spellings of the same DN agree.
// It is for comparing and for fingerprints, never for people or as a key.
func canonicalDN(dn string) string {
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return strings.ToLower(strings.TrimSpace(dn))
	}
	return strings.ToLower(parsed.String())
}
