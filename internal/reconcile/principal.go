package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Hash is the first 16 bytes of a SHA-256, used where the ledger remembers
// that a value was there without keeping the value.
type Hash [16]byte

// HashOf hashes a text.
func HashOf(text string) Hash {
	sum := sha256.Sum256([]byte(text))
	var h Hash
	copy(h[:], sum[:])
	return h
}

// String is lower-case hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero tells that nothing was hashed.
func (h Hash) IsZero() bool { return h == Hash{} }

// State is the life cycle of a principal.
type State uint8

// The states. A new principal is StateActive; StateGone is kept for the
// tombstones after its account was deleted or it left without one.
const (
	StateUnknown State = iota
	StateActive
	StateMissing
	StateGone
)

// Access tells what the agent did to the access to an account.
type Access uint8

// The values of Access.
const (
	AccessOpen Access = iota
	AccessSuspended
	AccessParked
)

// PrincipalRef names a principal.
type PrincipalRef struct {
	Source string
	ID     StableID
}

// Link is one account of a principal.
type Link struct {
	Account AccountID
	// Created is the account's creation time when it was linked.
	Created time.Time
	// Name is the account's name on the server when last seen or written.
	Name string
}

// Miss is the record of a principal's absence.
type Miss struct {
	// Since is when the first counted read lacked it.
	Since time.Time
	// Reads is the number of counted reads that lacked it.
	Reads int
	// Elapsed is the time counted between those reads, at most 24 hours each.
	Elapsed time.Duration
	// Last is when the last miss was counted.
	Last time.Time
	// Unconfirmed is true while a guard (drop, floor, canary, fuse) stands in the
	// way: the absence is noted, but grace has not started.
	Unconfirmed bool
	// Cover is the approval of the delete that came with that of the absence.
	Cover Cover
}

// AddressDrop is an address that the directory listed before and no longer does.
type AddressDrop struct {
	Address Hash
	// Reads is the number of counted reads that agree.
	Reads int
	Last  time.Time
}

// Principal is what the ledger knows about one stable ID.
type Principal struct {
	// Row is the ledger's own row number, zero for one not stored yet.
	Row    int64
	Source string
	ID     StableID
	State  State
	// Link is the account that carries Name; a zero Account means unbound.
	Link Link
	// Also is not filled: further accounts of a person have rows of their own
	// (FormID).
	Also []Link
	// Name is the directory's name as last accepted.
	Name string
	// NameLackedAt is the time of the last complete snapshot in which this ID did
	// not bear Name (zero: it bore it in the first one). An account made later than
	// that under Name was made for this ID.
	NameLackedAt time.Time
	// Entry hashes the whole entry under Scheme; zero makes the entry "changed" at
	// the next read, so that whatever is held is decided again.
	Entry  Hash
	Scheme int
	// Addresses are the hashes of the keys of all addresses that the directory
	// listed, in ascending order.
	Addresses []Hash
	// SamePerson has one hash for each attribute of map.same_person; zero is empty.
	SamePerson []Hash
	Dropped    []AddressDrop
	Kind       Kind
	// Created is when the person's entry was made, if the directory tells.
	Created time.Time
	Access  Access
	// Before is the account as it was before the agent cut its access or parked
	// it, for putting it back; nil if the agent changed nothing.
	Before *Account
	Miss   Miss
	// Mixed is true if the account's name was another ID's in some snapshot: it is
	// never deleted without an approval.
	Mixed bool
	// HeldEntry is the entry hash that an undo holds on to: the principal is left
	// alone until its entry hash differs. Zero: not held.
	HeldEntry Hash
	FirstSeen time.Time
	// LastSeen is the last complete snapshot that had it, kept only while it is
	// missing or gone; for an active one it is the source's last complete read.
	LastSeen time.Time
	// Waiting is when a wish for somebody else's name was first seen (a name that
	// passes from one person to another waits one run).
	Waiting time.Time
	Label   string
}

// Ref names the principal.
func (p Principal) Ref() PrincipalRef { return PrincipalRef{Source: p.Source, ID: p.ID} }

// Bound tells whether the principal's account is known.
func (p Principal) Bound() bool { return p.Link.Account != "" }

// Tombstone remembers that a name or address once belonged to a principal.
type Tombstone struct {
	Key Hash
	// Text is the name; empty for addresses, which are only kept as hash.
	Text    string
	Owner   PrincipalRef
	Account AccountID
	Since   time.Time
}

// SourceState is what the ledger remembers about a source between runs.
type SourceState struct {
	Name string
	// Fingerprint is the hash of everything that decides what the source
	// means (base, filter, mapping, directory identity, target).
	Fingerprint string
	IDAttribute string
	Directory   string
	// LastComplete is the time of the last complete snapshot, LastCounted of the
	// last one that counted misses.
	LastComplete time.Time
	LastCounted  time.Time
	Positions    map[string]string
	// Largest is the accepted number of entries per day (YYYY-MM-DD, UTC) of the
	// last 30 days.
	Largest map[string]int
	// Canaries maps the configured canary to the stable ID that satisfied it.
	Canaries map[string]StableID
	// Adopted is true once a first run accepted this source.
	Adopted bool
}
