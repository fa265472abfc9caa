package reconcile

import (
	"cmp"
	"strings"
)

// CompareAccountIDs orders account IDs by length, then by the base32 alphabet
// of Stalwart 0.16 (a…z, 7, 9, 2, 0, 1, 3; utils/src/codec/base32_custom.rs),
// so that later IDs sort later. Two IDs of digits alone, as servers before 0.16
// show them, are compared as numbers; there it is an order for people only, as
// up to 0.11 IDs are handed out in no order.
func CompareAccountIDs(a, b AccountID) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	if decimal(a) && decimal(b) {
		return cmp.Compare(a, b)
	}
	for i := range len(a) {
		if c := cmp.Compare(idRank(a[i]), idRank(b[i])); c != 0 {
			return c
		}
	}
	return 0
}

func decimal(id AccountID) bool { return strings.Trim(string(id), "0123456789") == "" }

func idRank(c byte) int {
	if c >= 'a' && c <= 'z' {
		return int(c - 'a')
	}
	for i, digit := range []byte("792013") {
		if c == digit {
			return 26 + i
		}
	}
	return 64 + int(c)
}
