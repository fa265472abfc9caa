package ldapsrc

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

// idForm is how the value of an ID attribute becomes canonical text.
type idForm uint8

const (
	formText   idForm = iota // text unchanged, other bytes as hex
	formUUID                 // text of a UUID
	formGUID                 // 16 bytes in Microsoft's order
	formRaw                  // 16 bytes in the order of RFC 9562
	formUnique               // nsUniqueId, 4×8 hexadecimal digits
)

// idRule is the attribute of the stable ID and the form of its values.
type idRule struct {
	attribute string
	form      idForm
}

// knownIDs are the attributes that directories keep for this, in the order in
// which Auto prefers them. OpenLDAP: RFC 4530; Active Directory: [MS-ADA3]
// objectGUID; 389 Directory Server; FreeIPA; eDirectory.
var knownIDs = []idRule{
	{"entryUUID", formUUID},
	{"objectGUID", formGUID},
	{"nsUniqueId", formUnique},
	{"ipaUniqueID", formUUID},
	{"GUID", formRaw},
}

func ruleFor(attribute string) idRule {
	for _, known := range knownIDs {
		if strings.EqualFold(known.attribute, attribute) {
			return known
		}
	}
	return idRule{attribute, formText}
}

// reusable tells whether a directory might give such an ID to somebody else.
func (r idRule) reusable() bool { return r.form == formText }

// The ways in which an entry can fail to give its ID.
var (
	errNoID      = errors.New("no value")
	errSeveralID = errors.New("several values")
)

// read gives the canonical ID of an entry.
func (r idRule) read(e *entry) (reconcile.StableID, error) {
	values := e.raw(r.attribute)
	switch {
	case len(values) == 0 || len(values) == 1 && len(values[0]) == 0:
		return "", errNoID
	case len(values) > 1:
		return "", errSeveralID
	}
	text, err := r.canonical(values[0])
	if err != nil {
		return "", err
	}
	return mapping.TextID(text)
}

// hexPrefix starts the text of binary IDs. Text that starts so itself is taken
// as binary too, so that no two values share a form.
const hexPrefix = "hex:"

func (r idRule) canonical(value []byte) (string, error) {
	switch r.form {
	case formUUID:
		text, ok := mapping.CanonicalUUID(strings.TrimSpace(string(value)))
		if !ok {
			return "", fmt.Errorf("%q is not a UUID", printable(string(value)))
		}
		return text, nil
	case formGUID:
		return mapping.GUIDText(value)
	case formRaw:
		return mapping.UUIDText(value)
	case formUnique:
		return mapping.NSUniqueID(string(value))
	case formText:
	}
	text := string(value)
	if !utf8.ValidString(text) || strings.HasPrefix(text, hexPrefix) || strings.ContainsFunc(text, isControl) {
		return mapping.Hex(value), nil
	}
	return text, nil
}

func isControl(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }

// filter gives the search filter that finds an ID.
func (r idRule) filter(id reconcile.StableID) (string, error) {
	text := string(id)
	var value []byte
	var err error
	switch r.form {
	case formGUID:
		value, err = mapping.GUIDBytes(text)
	case formRaw:
		value, err = mapping.UUIDBytes(text)
	case formUUID:
		if _, ok := mapping.CanonicalUUID(text); !ok {
			err = fmt.Errorf("%q is not a UUID", text)
		}
	case formUnique:
		_, err = mapping.NSUniqueID(text)
	case formText:
		if strings.HasPrefix(text, hexPrefix) {
			value, err = mapping.HexBytes(text)
		}
	}
	if err != nil {
		return "", fmt.Errorf("cannot search for this stable ID in %s: %w", r.attribute, err)
	}
	if value != nil {
		return "(" + r.attribute + "=" + escapeBytes(value) + ")", nil
	}
	return "(" + r.attribute + "=" + ldap.EscapeFilter(text) + ")", nil
}

// escapeBytes writes each byte as the \xx of RFC 4515.
func escapeBytes(value []byte) string {
	var b strings.Builder
	for _, c := range value {
		fmt.Fprintf(&b, `\%02x`, c)
	}
	return b.String()
}
