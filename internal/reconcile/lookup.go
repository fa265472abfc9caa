package reconcile

// Presence is the answer to "is it in the directory?". Only PresenceAbsent,
// proven on the same path that finds a known entry, lets a removal go on.
type Presence uint8

// The answers. The zero value is "unknown".
const (
	PresenceUnknown Presence = iota
	PresenceFound
	PresenceAbsent
)

// LookupRequest asks a source about one identity, without the configured
// filter and beyond the configured base.
type LookupRequest struct {
	// Control is an ID that the last snapshot contained. The answers count as
	// absent only if the same path on the same connection finds it.
	Control StableID
	// Outside is an ID that the last snapshot showed as a leaver's, where there was
	// one: a known entry beyond the filter. Where set, it must be found as well.
	Outside StableID
	// ID is the stable ID to look for; empty to ask for names and addresses only.
	ID StableID
	// Names and Addresses are searched exactly (without case) in the attributes
	// or columns that the mapping takes names and addresses from.
	Names     []string
	Addresses []string
}

// LookupResult is what a source answered to a LookupRequest. The zero value
// says that nothing is known.
type LookupResult struct {
	// ID tells whether an entry with the stable ID exists anywhere.
	ID Presence
	// Leaver is true if that entry lies in the source's leavers scope.
	Leaver bool
	// Entry is that entry as far as the mapping could read it, nil if not found.
	Entry *Entry
	// Identity tells whether any entry, whatever its ID, carries one of the
	// names or addresses; Holders are those entries. The entry of the ID itself
	// does not count if it is a leaver: people who leave keep their name there.
	Identity Presence
	Holders  []Entry
	// Server is the server that answered, as URL without secrets.
	Server string
	// Reason says why something is unknown; empty otherwise.
	Reason string
}
