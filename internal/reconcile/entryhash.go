package reconcile

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Scheme is the number of the way in which entries are hashed. A new scheme
// only rewrites the ledger.
const Scheme = 1

// HashEntry hashes everything of an entry that a decision or a report may use.
// The order of names and addresses does not matter.
func HashEntry(e Entry, salt string) Hash { return hashBytes(appendEntry(nil, e, salt)) }

func hashBytes(text []byte) Hash {
	sum := sha256.Sum256(text)
	return Hash(sum[:len(Hash{})])
}

// appendEntry writes an entry down so that no two different ones look alike:
// every list and every text begins with its length.
func appendEntry(buf []byte, e Entry, salt string) []byte {
	buf = appendTexts(buf, salt, string(e.ID), e.Label)
	buf = appendTexts(buf, sorted(e.Names)...)
	buf = appendTexts(buf, sorted(e.NamesAlso)...)
	buf = appendTexts(buf, sorted(e.Addresses)...)
	buf = appendTexts(buf, e.SamePerson...)
	buf = append(buf, Scheme, byte(e.Kind), byte(e.Enabled), flag(e.AddressesMapped), flag(e.Leaver))
	return e.Created.UTC().AppendFormat(buf, time.RFC3339Nano)
}

func appendTexts(buf []byte, texts ...string) []byte {
	buf = binary.AppendUvarint(buf, uint64(len(texts)))
	for _, text := range texts {
		buf = binary.AppendUvarint(buf, uint64(len(text)))
		buf = append(buf, text...)
	}
	return buf
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}
