package ldapsrc

import (
	"strings"
	"unicode"

	"github.com/go-ldap/ldap/v3"
)

// The LDAP result codes (RFC 4511 §4.1.9) that are looked at here.
const (
	codeSuccess             = 0
	codeOperationsError     = 1
	codeTimeLimit           = 3
	codeSizeLimit           = 4
	codeAuthMethod          = 7
	codeStrongerAuth        = 8
	codeReferral            = 10
	codeAdminLimit          = 11
	codeCriticalExtension   = 12
	codeConfidentiality     = 13
	codeNoSuchObject        = 32
	codeInappropriateAuth   = 48
	codeInvalidCredentials  = 49
	codeInsufficientAccess  = 50
	codeBusy                = 51
	codeUnavailable         = 52
	codeUnwillingToPerform  = 53
	longestServerText       = 200
	codeProtocolError       = 2
	codeUndefinedAttribute  = 17
	codeInappropriateFilter = 18
)

// codeName gives the name of a result code as the standard writes it.
func codeName(code int) string {
	if code >= 0 && code < 1<<16 {
		if name, ok := ldap.LDAPResultCodeMap[uint16(code)]; ok {
			return name
		}
	}
	return "Unknown Result"
}

// printable makes a server's text fit for a terminal and a log: one line, no
// control characters, not too long.
func printable(text string) string {
	text = strings.ToValidUTF8(text, "�")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return '�'
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	if len(text) > longestServerText {
		text = strings.ToValidUTF8(text[:longestServerText], "") + "…"
	}
	return text
}
