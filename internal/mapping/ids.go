package mapping

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"syncagent/internal/reconcile"
)

// The ways in which a stable ID can be unusable; each makes the snapshot
// unusable.
var (
	ErrIDEmpty   = errors.New("the stable ID is empty")
	ErrIDTooLong = fmt.Errorf("the stable ID is longer than %d bytes", reconcile.MaxStableID)
	ErrIDText    = errors.New("the stable ID holds control characters or broken UTF-8")
	ErrIDForm    = errors.New("the stable ID does not have the form of its type")
)

// TextID takes text unchanged as a stable ID. It gives ErrIDEmpty (also for
// blanks only), ErrIDTooLong or ErrIDText.
func TextID(text string) (reconcile.StableID, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return "", ErrIDEmpty
	case len(text) > reconcile.MaxStableID:
		return "", ErrIDTooLong
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return "", ErrIDText
	}
	return reconcile.StableID(text), nil
}

// UUIDText gives the text of 16 bytes in the order of RFC 9562, lower case.
func UUIDText(b []byte) (string, error) {
	if len(b) != 16 {
		return "", fmt.Errorf("%w: %d bytes instead of 16", ErrIDForm, len(b))
	}
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

// GUIDText gives the text of 16 bytes in Microsoft's order (objectGUID,
// uniqueidentifier): the first three groups are little-endian ([MS-DTYP]
// 2.3.4.2).
func GUIDText(b []byte) (string, error) {
	if len(b) != 16 {
		return "", fmt.Errorf("%w: %d bytes instead of 16", ErrIDForm, len(b))
	}
	return UUIDText(swapGUID(b))
}

func swapGUID(b []byte) []byte {
	out := make([]byte, 16)
	binary.BigEndian.PutUint32(out, binary.LittleEndian.Uint32(b))
	binary.BigEndian.PutUint16(out[4:], binary.LittleEndian.Uint16(b[4:]))
	binary.BigEndian.PutUint16(out[6:], binary.LittleEndian.Uint16(b[6:]))
	copy(out[8:], b[8:])
	return out
}

// UUIDBytes turns the text of UUIDText back into bytes.
func UUIDBytes(text string) ([]byte, error) {
	if _, ok := CanonicalUUID(text); !ok {
		return nil, fmt.Errorf("%w: %q is no UUID", ErrIDForm, text)
	}
	return hex.DecodeString(strings.ReplaceAll(text, "-", ""))
}

// GUIDBytes turns the text of GUIDText back into bytes in Microsoft's order.
func GUIDBytes(text string) ([]byte, error) {
	b, err := UUIDBytes(text)
	if err != nil {
		return nil, err
	}
	return swapGUID(b), nil
}

// NSUniqueID gives the canonical text of a 389 Directory Server nsUniqueId:
// four groups of eight hexadecimal digits, lower case.
func NSUniqueID(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	groups := strings.Split(s, "-")
	ok := len(groups) == 4
	for _, g := range groups {
		ok = ok && len(g) == 8 && isHex(g)
	}
	if !ok {
		return "", fmt.Errorf("%w: %q is no nsUniqueId", ErrIDForm, s)
	}
	return s, nil
}

// hexPrefix starts the text of binary IDs that are no UUIDs.
const hexPrefix = "hex:"

// Hex gives the canonical text of a binary ID: "hex:" and lower-case digits,
// "" for no bytes.
func Hex(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return hexPrefix + hex.EncodeToString(b)
}

// HexBytes turns the text of Hex back into bytes.
func HexBytes(text string) ([]byte, error) {
	digits, ok := strings.CutPrefix(text, hexPrefix)
	b, err := hex.DecodeString(digits)
	if !ok || err != nil || len(b) == 0 {
		return nil, fmt.Errorf("%w: %q is not the text of a binary ID", ErrIDForm, text)
	}
	return b, nil
}

// CanonicalUUID lower-cases a UUID in the text form 8-4-4-4-12; ok is false for
// anything else, braces and URNs included.
func CanonicalUUID(s string) (string, bool) {
	if len(s) != 36 {
		return "", false
	}
	s = strings.ToLower(s)
	groups := strings.Split(s, "-")
	if len(groups) != 5 {
		return "", false
	}
	for i, want := range []int{8, 4, 4, 4, 12} {
		if len(groups[i]) != want || !isHex(groups[i]) {
			return "", false
		}
	}
	return s, true
}

func isHex(lower string) bool {
	return !strings.ContainsFunc(lower, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') })
}
