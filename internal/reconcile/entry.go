package reconcile

import "time"

// StableID is the directory's immutable identifier of an entry, unique within
// its source, in canonical text of at most MaxStableID bytes: UUIDs lower-case
// 8-4-4-4-12, nsUniqueId lower-case 4×8, integers decimal, other binary
// values "hex:…", text unchanged.
type StableID string

// MaxStableID is the longest accepted StableID in bytes.
const MaxStableID = 255

// Kind tells what sort of principal an entry or an account is. The zero value
// is unknown and therefore protected.
type Kind uint8

// The kinds. Only an individual is ever renamed, cut off or deleted.
const (
	KindUnknown Kind = iota
	KindIndividual
	KindGroup
	KindAdmin
)

// Enabled tells whether the directory lets the person log in. It never leads
// to a delete.
type Enabled uint8

// The values of Enabled. EnabledYes is also what a source without such an
// attribute reports; EnabledUnknown is held.
const (
	EnabledUnknown Enabled = iota
	EnabledYes
	EnabledNo
)

// Entry is one user record of a source, already mapped and canonical.
// An Entry is a value: functions that receive one must not keep or change its
// slices.
type Entry struct {
	ID StableID
	// Names holds every candidate for the account name that the name template
	// gives, in the order of the source. None: hold no-name. Several: the one
	// that the ledger knows counts, else hold name-ambiguous.
	Names []string
	// NamesAlso holds other names under which the server may have made an
	// account of the same person (map.name_also).
	NamesAlso []string
	// Also are the same names, one list for each template of map.name_also; Forms
	// makes entries of them. FormOf is the entry's own ID in such a one.
	Also   [][]string
	FormOf StableID
	// Addresses holds all mail addresses that the directory lists, without
	// duplicates, in the order of the source. AddressesMapped tells whether the
	// configuration maps addresses at all: without it an empty list means nothing.
	Addresses       []string
	AddressesMapped bool
	Kind            Kind
	Enabled         Enabled
	// SamePerson holds one value for each attribute of map.same_person, in the
	// order of the configuration; "" is an attribute that is absent or empty and
	// never agrees with anything.
	SamePerson []string
	// Created is when the person's entry was made, zero where not mapped.
	Created time.Time
	// Leaver tells that the snapshot itself marks the entry as a leaver
	// (sql.leavers); it then counts as missing.
	Leaver bool
	// Label is what people recognise the entry by: a DN or a key. It is never
	// compared.
	Label string
}
