package stalwart

import (
	"strings"
	"unicode"

	"syncagent/internal/reconcile"
)

// splitLocal checks a complete name or address, and gives its parts in small
// letters: an InvalidNameError if no account can have it. The server takes blanks
// out of a name in silence, so that the account would get another name than the
// one that was asked for: such names are refused here.
func splitLocal(address string) (local, domain string, err error) {
	text := strings.ToLower(strings.TrimSpace(address))
	at := strings.LastIndexByte(text, '@')
	if at < 1 || at == len(text)-1 {
		return "", "", &InvalidNameError{Name: address, Reason: "it is not a complete address"}
	}
	local = text[:at]
	if strings.ContainsFunc(local, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar || strings.ContainsRune("@,\\\"<>();", r)
	}) {
		return "", "", &InvalidNameError{Name: address, Reason: "it has a blank or a character that addresses must not have"}
	}
	if local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return "", "", &InvalidNameError{Name: address, Reason: "dots must stand between other characters"}
	}
	return local, text[at+1:], nil
}

// CheckName tells whether an account can be given a name: nil, or an
// InvalidNameError. Whether the domain exists is in Rules.
func (s *jmapServer) CheckName(name string) error {
	_, _, err := splitLocal(name)
	return err
}

// CheckAddressable is nil: accounts are addressed by ID since 0.16.
func (s *jmapServer) CheckAddressable(string) error { return nil }

// Expect does nothing: accounts are read by ID since 0.16.
func (s *jmapServer) Expect(map[reconcile.AccountID]string) {}
