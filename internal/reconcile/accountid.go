package reconcile

import "cmp"

// CompareAccountIDs orders account IDs by length, then by the base32 alphabet
// of Stalwart 0.16 (a…z, 7, 9, 2, 0, 1, 3; utils/src/codec/base32_custom.rs),
// so that later IDs sort later.
func CompareAccountIDs(a, b AccountID) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	for i := range len(a) {
		if c := cmp.Compare(idRank(a[i]), idRank(b[i])); c != 0 {
			return c
		}
	}
	return 0
}

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
