package mapping

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
	"time"

	"syncagent/internal/reconcile"
)

// Digest sums entries up independent of their order and of the order of the
// values in them (Evidence.Digest), since two servers of one directory may
// differ in both. The zero value is ready; it is not safe for concurrent use.
type Digest struct{ sum [4]uint64 }

// Add adds one entry, without its label. Each entry must be added once: the
// sum is over a set.
func (d *Digest) Add(e reconcile.Entry) {
	h := sha256.New()
	writeText(h, string(e.ID))
	writeList(h, e.Names)
	writeList(h, e.NamesAlso)
	writeList(h, e.Addresses)
	writeLen(h, len(e.SamePerson)) // one for each attribute: the order has a meaning
	for _, s := range e.SamePerson {
		writeText(h, s)
	}
	created := ""
	if !e.Created.IsZero() {
		created = e.Created.UTC().Format(time.RFC3339Nano)
	}
	writeText(h, created)
	flags := []byte{byte(e.Kind), byte(e.Enabled), 0, 0}
	if e.AddressesMapped {
		flags[2] = 1
	}
	if e.Leaver {
		flags[3] = 1
	}
	h.Write(flags)
	sum := h.Sum(nil)
	for i := range d.sum {
		d.sum[i] += binary.BigEndian.Uint64(sum[8*i:])
	}
}

// String is lower-case hex.
func (d *Digest) String() string {
	var b [32]byte
	for i, v := range d.sum {
		binary.BigEndian.PutUint64(b[8*i:], v)
	}
	return hex.EncodeToString(b[:])
}

func writeList(h hash.Hash, list []string) {
	writeLen(h, len(list))
	if !slices.IsSorted(list) {
		list = slices.Sorted(slices.Values(list))
	}
	for _, s := range list {
		writeText(h, s)
	}
}

func writeText(h hash.Hash, s string) {
	writeLen(h, len(s))
	h.Write([]byte(s))
}

func writeLen(h hash.Hash, n int) {
	h.Write(binary.AppendUvarint(nil, uint64(n))) //nolint:gosec // a length is never negative
}
