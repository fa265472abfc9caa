package reconcile

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// HeldHash tells whether an entry is still the one that an undo held on to. It
// does not depend on the server's rules, so that a new domain there ends no
// hold.
func HeldHash(e Entry) Hash {
	parts := []string{"held", fmt.Sprint(e.Kind, e.Enabled)}
	for _, list := range [][]string{e.Names, e.NamesAlso, sorted(slices.Clone(e.Addresses)), e.SamePerson} {
		parts = append(parts, fmt.Sprint(len(list)))
		parts = append(parts, list...)
	}
	return HashOf(strings.Join(parts, "\x00"))
}

// parsedHash reads what Hash.String wrote; a text that is none gives a hash that
// no entry has, so that the hold stays.
func parsedHash(text string) Hash {
	var h Hash
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == len(h) {
		copy(h[:], raw)
		return h
	}
	return heldAbsent
}
