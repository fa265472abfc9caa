package ldapsrc

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// The names of scopes, and the filter that every entry matches.
const (
	scopeSubtree = "subtree"
	scopeOne     = "one"
	anyEntry     = "(objectClass=*)"
)

// maxPageSize is far above what any server answers in one page.
const maxPageSize = 100_000

// check finds all problems of options that already have their defaults.
func (o *Options) check(servers []server) error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if o.Scope != scopeSubtree && o.Scope != scopeOne {
		add("scope %q: use %s or %s", o.Scope, scopeSubtree, scopeOne)
	}
	if o.PageSize < 1 || o.PageSize > maxPageSize {
		add("page_size %d: use 1 to %d", o.PageSize, maxPageSize)
	}
	if o.Timeout < 0 {
		add("timeout %v: must be positive", o.Timeout)
	}
	if o.Referrals != ReferralsFail && o.Referrals != ReferralsIgnore {
		add("referrals %q: use %s or %s", o.Referrals, ReferralsFail, ReferralsIgnore)
	}
	if o.KeepID != "" && o.ID == Auto {
		problems = append(problems, attributeProblem("id", o.KeepID))
	} else if o.ID != Auto {
		problems = append(problems, attributeProblem("id", o.ID))
	}
	problems = append(problems, filterProblem("filter", o.Filter), filterProblem("leavers filter", o.Leavers.Filter))
	problems = append(problems, o.checkBases(), o.checkSecurity(servers))
	return errors.Join(problems...)
}

func filterProblem(what, filter string) error {
	if filter == "" {
		return nil
	}
	if _, err := ldap.CompileFilter(filter); err != nil {
		return fmt.Errorf("%s %q is not a valid LDAP filter (RFC 4515): %w", what, filter, err)
	}
	return nil
}

// attributeProblem checks an attribute description (RFC 4512 §2.5).
func attributeProblem(what, name string) error {
	for _, c := range []byte(name) {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-._;", c) >= 0 {
			continue
		}
		return fmt.Errorf("%s %q is not the name of an attribute", what, name)
	}
	return nil
}

func (o *Options) checkBases() error {
	if len(o.Bases) == 0 {
		return errors.New("base is missing")
	}
	var problems []error
	parsed := make([]*ldap.DN, len(o.Bases))
	for i, base := range o.Bases {
		dn, err := ldap.ParseDN(base)
		if err != nil {
			problems = append(problems, fmt.Errorf("base %q is not a valid DN: %w", base, err))
			continue
		}
		parsed[i] = dn
		for j := range i {
			if parsed[j] != nil && o.overlap(parsed[j], dn) {
				problems = append(problems, fmt.Errorf("bases %q and %q overlap: entries would be read twice", o.Bases[j], base))
			}
		}
	}
	others := append([]string{}, o.Leavers.Bases...)
	if o.LookupBase != Auto {
		others = append(others, o.LookupBase)
	}
	for _, base := range others {
		if _, err := ldap.ParseDN(base); err != nil {
			problems = append(problems, fmt.Errorf("%q is not a valid DN: %w", base, err))
		}
	}
	return errors.Join(problems...)
}

func (o *Options) overlap(a, b *ldap.DN) bool {
	if a.EqualFold(b) {
		return true
	}
	return o.Scope == scopeSubtree && (a.AncestorOfFold(b) || b.AncestorOfFold(a))
}

// checkSecurity finds settings that would send a password in the clear or
// could never bind.
func (o *Options) checkSecurity(servers []server) error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if (o.TLS.ClientCert == "") != (o.TLS.ClientKey == "") {
		add("tls: client_cert and client_key belong together")
	}
	switch {
	case o.Bind.SASLExternal && (o.Bind.DN != "" || o.Bind.Password != nil):
		add("bind: sasl external takes no dn and no password")
	case o.Bind.DN != "" && o.Bind.Password == nil:
		add("bind: dn %q without a password", o.Bind.DN)
	case o.Bind.DN == "" && o.Bind.Password != nil:
		add("bind: password without a dn")
	}
	for _, srv := range servers {
		encrypted := srv.tls || o.StartTLS && srv.network == "tcp"
		switch {
		case srv.tls && o.StartTLS:
			add("%s: start_tls is for ldap:// only, ldaps:// is encrypted from the start", srv)
		case o.Bind.Password != nil && !encrypted && !srv.local && !o.AllowPlaintextPassword:
			add("%s: the password would be sent unencrypted to another host; use ldaps:// or start_tls: true (or, if you accept that, allow_plaintext_password: true)", srv)
		case o.Bind.SASLExternal && srv.network == "tcp" && (!encrypted || o.TLS.ClientCert == ""):
			add("%s: sasl external needs ldapi://, or TLS with a client certificate", srv)
		}
	}
	return errors.Join(problems...)
}
