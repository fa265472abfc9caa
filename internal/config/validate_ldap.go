package config

import (
	"net/url"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

func (v *validator) ldap(path string, l *LDAP) {
	v.require(path+".urls", len(l.URLs) > 0, "such as [ ldaps://ldap1.example.org ]")
	for i, text := range l.URLs {
		at := item(path+".urls", i)
		v.ldapURL(at, text, l)
		if slices.Contains(l.URLs[:i], text) {
			v.warn(at, "", "stands here a second time")
		}
	}
	v.bind(path+".bind", l)
	v.tls(path+".tls", l.TLS)
	v.require(path+".base", len(l.Base) > 0, "such as ou=people,dc=example,dc=org")
	for i, base := range l.Base {
		v.dn(v.itemPath(path+".base", i), base)
	}
	v.overlap(path+".base", l.Base, l.Scope)
	oneOf(v, path+".scope", l.Scope, ScopeOne, ScopeSubtree)
	v.require(path+".filter", l.Filter != "", "such as (objectClass=inetOrgPerson)")
	v.filter(path+".filter", l.Filter)
	if l.PageSize < 1 || l.PageSize > 100_000 {
		v.refuse(path+".page_size", "", "must be between 1 and 100000")
	}
	v.positive(path+".timeout", l.Timeout)
	oneOf(v, path+".referrals", l.Referrals, ReferralsFail, ReferralsIgnore)
	if l.LookupBase != auto {
		v.dn(path+".lookup_base", l.LookupBase)
	}
	v.ldapLeavers(path+".leavers", l.Leavers)
}

func (v *validator) ldapLeavers(path string, leavers *LDAPLeavers) {
	if leavers == nil {
		return
	}
	if len(leavers.Bases) == 0 && leavers.Filter == "" {
		v.refuse(path, "", "needs bases or filter")
	}
	for i, base := range leavers.Bases {
		v.dn(item(path+".bases", i), base)
	}
	v.filter(path+".filter", leavers.Filter)
}

func (v *validator) ldapURL(path, text string, l *LDAP) {
	if strings.HasPrefix(text, "ldapi://") {
		return // what follows is the path of a socket, escaped as no other host
	}
	u, err := url.Parse(text)
	if err != nil {
		v.refuse(path, "such as ldaps://ldap1.example.org", "is not a URL")
		return
	}
	switch {
	case u.User != nil:
		v.refuse(path, "use bind", "must not contain a user or a password")
	case u.Scheme != "ldap" && u.Scheme != "ldaps":
		v.refuse(path, "use ldaps, ldap or ldapi", "the scheme %q is not known", u.Scheme)
	case u.Hostname() == "":
		v.refuse(path, "such as ldaps://ldap1.example.org", "names no host")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		v.refuse(path, "the base goes into base, the filter into filter", "must end after the host")
	case u.Scheme == "ldaps" && l.StartTLS:
		v.refuse(path, "use ldap:// with start_tls, or ldaps:// without", "ldaps is TLS from the start; start_tls is for ldap")
	case u.Scheme == "ldap" && !l.StartTLS && l.Bind.Password != nil && !isLoopback(u.Hostname()):
		v.plaintextPassword(path, l)
	}
}

func (v *validator) plaintextPassword(path string, l *LDAP) {
	if l.AllowPlaintextPassword {
		v.warn(path, "use ldaps:// or start_tls: true", "the password of the directory goes over the network without TLS")
		return
	}
	v.refuse(path, "use ldaps:// or start_tls: true (or, if you must, allow_plaintext_password: true)",
		"would send the password over the network without TLS")
}

func (v *validator) bind(path string, l *LDAP) {
	b := l.Bind
	switch {
	case b.SASL != "" && b.SASL != "external":
		v.refuse(path+".sasl", "only external is built in", "%q is not known", b.SASL)
	case b.SASL != "" && (b.DN != "" || b.Password != nil):
		v.refuse(path, "keep sasl, or dn and password", "sasl stands beside dn and password")
	case b.SASL != "":
		v.external(path+".sasl", l)
	case b.DN == "" && b.Password == nil:
		if !v.isBroken(path + ".dn") {
			v.warn(path, "set bind.dn and bind.password",
				"the directory is read without a login, as far as it shows itself to anybody")
		}
	default:
		v.require(path+".dn", b.DN != "", "the account that reads the directory")
		v.require(path+".password", b.Password != nil, secretHint)
		if b.DN != "" && !strings.ContainsAny(b.DN, `@\`) {
			v.dn(path+".dn", b.DN)
		}
	}
}

// external needs something that tells the server who we are.
func (v *validator) external(path string, l *LDAP) {
	for _, u := range l.URLs {
		if !strings.HasPrefix(u, "ldapi:") && l.TLS.ClientCert == "" {
			v.refuse(path, "set tls.client_cert and tls.client_key, or use ldapi://", "external needs a client certificate or ldapi")
			return
		}
	}
}

func (v *validator) dn(path, text string) {
	parsed, err := ldap.ParseDN(text)
	if err != nil || len(parsed.RDNs) == 0 {
		v.refuse(path, `such as ou=people,dc=example,dc=org; a comma within a name is \,`, "%q is not a DN", text)
	}
}

// overlap finds bases that contain others: their people would come twice. With
// scope one only equal bases do so.
func (v *validator) overlap(path string, bases Texts, scope Scope) {
	for i, inner := range bases {
		for j, outer := range bases {
			a, errA := ldap.ParseDN(outer)
			b, errB := ldap.ParseDN(inner)
			if i == j || errA != nil || errB != nil {
				continue
			}
			if scope != ScopeOne && a.AncestorOfFold(b) || a.EqualFold(b) && j < i {
				v.refuse(v.itemPath(path, i), "keep the outer one", "%q is contained in %q", inner, outer)
			}
		}
	}
}

func (v *validator) filter(path, text string) {
	if text == "" {
		return
	}
	if _, err := ldap.CompileFilter(text); err != nil {
		hint := "such as (objectClass=inetOrgPerson)"
		if !strings.HasPrefix(text, "(") {
			hint = "a filter stands in parentheses: (" + text + ")"
		} else if strings.Count(text, "(") != strings.Count(text, ")") {
			hint = "the parentheses do not match"
		}
		v.refuse(path, hint, "%q is not an LDAP filter", text)
	}
}
