package ldapsrc

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"syncagent/internal/reconcile"
)

// advice is the code and the hint for one kind of failure.
type advice struct{ code, hint string }

// resultAdvice tells what to do about a result code.
var resultAdvice = map[int]advice{
	codeProtocolError:       {reconcile.UnusableQueryFailed, "The server did not understand the request. Check that the URL is that of an LDAP version 3 server."},
	codeTimeLimit:           {reconcile.UnusableLimitReached, "Raise the time limit of the bind account on the directory server, or index the attributes of the filter."},
	codeSizeLimit:           {reconcile.UnusableLimitReached, "Give the bind account a higher size limit (OpenLDAP: limits dn.exact=… size=unlimited; 389-DS: nsSizeLimit: -1), or lower page_size (Active Directory answers at most 1000 entries a page)."},
	codeAdminLimit:          {reconcile.UnusableLimitReached, "Raise the administrative limits of the bind account (OpenLDAP: size.pr, size.prtotal, size.unchecked; 389-DS: nsLookThroughLimit and nsPagedLookThroughLimit: -1), or lower page_size."},
	codeAuthMethod:          {reconcile.UnusableLoginRefused, "The server does not allow this way to log in. Check bind; SASL EXTERNAL has to be enabled on the server."},
	codeStrongerAuth:        {reconcile.UnusableLoginRefused, "The server wants an encrypted connection for logins. Use ldaps:// or start_tls: true."},
	codeReferral:            {reconcile.UnusableReferral, "This server does not hold the base itself. Use the URL of a server that does; referrals are never followed."},
	codeCriticalExtension:   {reconcile.UnusablePagingBroken, "The server refused to give the entries page by page. Check its settings for the paged results control (1.2.840.113556.1.4.319)."},
	codeConfidentiality:     {reconcile.UnusableLoginRefused, "The server wants an encrypted connection. Use ldaps:// or start_tls: true."},
	codeNoSuchObject:        {reconcile.UnusableBaseMissing, "Check base for typing errors, and that the bind account may see it: servers answer the same for what they hide."},
	codeInappropriateAuth:   {reconcile.UnusableLoginRefused, "The bind account has no password or may not log in this way. Check bind.dn."},
	codeInvalidCredentials:  {reconcile.UnusableLoginRefused, "Check bind.dn and the password; the account may also be locked or expired. It is not tried on the other servers, so as not to lock it."},
	codeInsufficientAccess:  {reconcile.UnusableQueryFailed, "The bind account may not read here. Give it read and search permission on base and on all mapped attributes."},
	codeBusy:                {reconcile.UnusableQueryFailed, "The server is busy. The next run tries again."},
	codeUnavailable:         {reconcile.UnusableQueryFailed, "The server is shutting down or not ready. The next run tries again."},
	codeUnwillingToPerform:  {reconcile.UnusableQueryFailed, "The server refuses the request; its text and its log say why. Some servers answer this for anonymous reading or a broken paging cookie."},
	codeUndefinedAttribute:  {reconcile.UnusableQueryFailed, "The filter names an attribute that the server does not know. Check filter and map."},
	codeInappropriateFilter: {reconcile.UnusableQueryFailed, "The server cannot search with this filter. Check filter and map."},
}

// stepAdvice tells what to do about a failure that is not a result code.
var stepAdvice = map[step]advice{
	stepDial:    {reconcile.UnusableUnreachable, "Check the host name, the port and firewalls, and that the directory server is running."},
	stepTLS:     {reconcile.UnusableTLS, "Check the certificate of the server and tls.ca_file."},
	stepBind:    {reconcile.UnusableConnectionLost, "The connection ended while logging in. Look at the log of the directory server."},
	stepRootDSE: {reconcile.UnusableConnectionLost, "The connection ended. Look at the log of the directory server, and whether ldap:// and ldaps:// are mixed up."},
	stepSearch:  {reconcile.UnusableConnectionLost, "The connection ended before the reading did. The next run reads everything again."},
}

// adBindHints explains the "data …" of Active Directory's code 49.
var adBindHints = map[string]string{
	"525": "Active Directory does not know the account of bind.dn.",
	"52e": "The password of bind.dn is wrong.",
	"530": "The account of bind.dn may not log in at this time.",
	"531": "The account of bind.dn may not log in from this machine.",
	"532": "The password of bind.dn has expired. Set a new one, or let it never expire.",
	"533": "The account of bind.dn is disabled.",
	"57":  "The server wants channel binding. Use ldaps://, or relax LdapEnforceChannelBinding.",
	"701": "The account of bind.dn has expired.",
	"773": "The account of bind.dn must change its password first.",
	"775": "The account of bind.dn is locked after wrong passwords. Unlock it, and check the stored password first.",
}

var adData = regexp.MustCompile(`\bdata ([0-9a-fA-F]+)`)

// adAdvice refines the advice where Active Directory's text tells more.
func adAdvice(result *resultError, general advice) advice {
	if result.code == codeOperationsError && strings.Contains(strings.ToUpper(result.message), "000004DC") {
		return advice{reconcile.UnusableLoginRefused, "Active Directory wants a login before it answers. Set bind.dn and bind.password."}
	}
	if result.code == codeInvalidCredentials {
		if m := adData.FindStringSubmatch(result.message); m != nil {
			if hint, ok := adBindHints[strings.ToLower(m[1])]; ok {
				general.hint = hint
			}
		}
	}
	return general
}

// adviceFor finds code and hint for a failure.
func adviceFor(err error) advice {
	doing := stepSearch
	if at, ok := errors.AsType[*stepError](err); ok {
		doing = at.step
	}
	var result *resultError
	var late *timeoutError
	var protocol *protocolError
	var own *secretError
	var noID *noIDAttributeError
	switch {
	case errors.As(err, &own):
		return advice{reconcile.UnusableSecret, "Check bind.password: the file or variable must be there, not empty, and readable by the user of syncagent alone."}
	case errors.As(err, &noID):
		return advice{reconcile.UnusableNoID, "Check base, filter and the permissions of the bind account, or set map.id to the attribute that holds the immutable ID."}
	case errors.As(err, &result):
		general, ok := resultAdvice[result.code]
		if !ok {
			general = advice{reconcile.UnusableQueryFailed, "The server's text and its log say why."}
		}
		if doing == stepTLS {
			general = advice{reconcile.UnusableTLS, "The server refused StartTLS. Enable TLS on the server, or use ldaps://."}
		}
		return adAdvice(result, general)
	case errors.As(err, &late):
		return advice{reconcile.UnusableTimeout, "Check the load of the directory server; lower page_size or raise timeout if it is only slow."}
	case errors.As(err, &protocol), errors.Is(err, errBER):
		return advice{reconcile.UnusableQueryFailed, "The server answered something that LDAP does not allow; look at what stands between: proxies, load balancers, and at the server's version."}
	}
	general := stepAdvice[doing]
	if doing == stepTLS {
		general.hint = tlsHint(err)
	}
	return general
}

// reasonFor makes a reason for people out of a failure.
func reasonFor(err error, what string) reconcile.Reason {
	a := adviceFor(err)
	message := err.Error()
	if what != "" {
		message = fmt.Sprintf("%s: %s", what, message)
	}
	return reconcile.Reason{Code: a.code, Message: message, Hint: a.hint}
}
