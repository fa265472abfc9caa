package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Events that the log writes by itself.
const (
	// EventRotated begins a file that goes on after another one.
	EventRotated = "rotated"
	// EventRecovered follows a line that a crash cut short.
	EventRecovered = "recovered"
)

// chain follows records one by one. Its zero value is not usable: see newChain.
type chain struct {
	key []byte
	// head is the last record that fitted; set tells whether there was one.
	head Anchor
	set  bool
	// middle tells that the first record may be any: what stands before it is not
	// looked at.
	middle bool
	// signed tells that a signed record was seen: from then on all must be.
	signed   bool
	unsigned int
}

func newChain(key []byte) *chain { return &chain{key: key, head: start()} }

// next takes the next record. fault is empty if it fits.
func (c *chain) next(r Record) (fault Fault, detail string) {
	if got := r.digest(); got != r.Hash {
		return FaultChanged, fmt.Sprintf("record %d was changed: its contents do not fit its hash", r.Seq)
	}
	if fault, detail := c.place(r); fault != "" {
		return fault, detail
	}
	if fault, detail := c.checkSignature(r); fault != "" {
		return fault, detail
	}
	c.head, c.set = r.anchor(), true
	return "", ""
}

// place compares number and predecessor.
func (c *chain) place(r Record) (Fault, string) {
	if !c.set && r.Seq > 1 {
		// The first of the files that were given; an earlier one may exist.
		if r.Event != EventRotated && !c.middle {
			return FaultLost, fmt.Sprintf("it begins with record %d, which does not go on from another file", r.Seq)
		}
		return "", ""
	}
	expected := c.head.Seq + 1
	switch {
	case r.Seq > expected:
		return FaultLost, fmt.Sprintf("record %d follows record %d: %d missing", r.Seq, c.head.Seq, r.Seq-expected)
	case r.anchor() == c.head:
		return FaultDuplicated, fmt.Sprintf("record %d stands there twice", r.Seq)
	case r.Seq < expected:
		return FaultReordered, fmt.Sprintf("record %d follows record %d", r.Seq, c.head.Seq)
	case r.Prev != c.head.Hash:
		return FaultChanged, fmt.Sprintf("record %d does not go on from the record %d that stands before it: one of them was replaced", r.Seq, c.head.Seq)
	}
	return "", ""
}

func (c *chain) checkSignature(r Record) (Fault, string) {
	if r.Signature == "" {
		if c.signed {
			return FaultSignature, fmt.Sprintf("record %d is not signed, those before it are", r.Seq)
		}
		c.unsigned++
		return "", ""
	}
	c.signed = true
	if c.key != nil && !hmac.Equal([]byte(r.Signature), []byte(sign(c.key, r.Hash))) {
		return FaultSignature, fmt.Sprintf("record %d is not signed with the key", r.Seq)
	}
	return "", ""
}

// sign gives the signature of a hash.
func sign(key []byte, hash string) string {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(hash)) // Never fails, by its contract.
	return hex.EncodeToString(mac.Sum(nil))
}

// recovery is the record that follows a line that was cut short.
func recovery(cut []byte) Record {
	sum := sha256.Sum256(cut)
	return Record{Event: EventRecovered, Phase: "done", Fields: map[string]any{
		"cut_bytes":  len(cut),
		"cut_sha256": hex.EncodeToString(sum[:]),
		"message":    "the line before was cut short by a crash or a full disk; what it announced was not done",
	}}
}

// recovers tells whether a record accounts for a line that was cut short.
func (r Record) recovers(cut []byte) bool {
	sum := sha256.Sum256(cut)
	return r.Event == EventRecovered && r.Fields["cut_bytes"] == int64(len(cut)) &&
		r.Fields["cut_sha256"] == hex.EncodeToString(sum[:])
}
