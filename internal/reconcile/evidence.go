package reconcile

// Reason is a machine-readable code with a sentence for people and what they
// can do about it.
type Reason struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Evidence tells why a snapshot may be believed, and what it was read from.
// The zero value is an incomplete snapshot.
type Evidence struct {
	// Complete is true only if every page ended with success, the server said
	// that there is no more, and nothing in Reasons speaks against it.
	Complete bool
	// Reasons says why the snapshot is not complete, sorted by code.
	// Completeness is about protocol facts only; guards such as drop and floor
	// are not here.
	Reasons []Reason
	// Warnings are worth a line for people but do not make it incomplete
	// (ignored referrals, diagnostic messages, addresses left out).
	Warnings []Reason
	// Entries is the number of entries that were read. A Differ leaves those out
	// that are marked as leavers.
	Entries int
	// Counted is the independent count that the source gave in the same
	// transaction, or -1 where it offers none.
	Counted int
	// Server is the one server that gave the snapshot, as URL without secrets.
	Server string
	// Directory identifies the directory independent of the server that
	// answered (naming contexts, database name): a change blows the fuse.
	Directory string
	// IDAttribute is the attribute or column that gave the stable IDs.
	IDAttribute string
	// IDReusable is true for keys that a directory might hand out again: anything
	// but UUIDs and UUID-like identifiers.
	IDReusable bool
	// Positions orders snapshots in time where the source can tell: contextCSN by
	// server ID (with "#" and the naming context if there are several),
	// highestCommittedUSN by invocation ID, the change probe by ProbePrefix and the
	// hash of its definition. The values compare as decimal numbers if both are,
	// else as text. An empty one was asked for and not told.
	Positions map[string]string
	// PositionScopes are the groups of positions (what stands behind "#" in the
	// key, "" without one) that a server of the source tells whole: a position of
	// them that was seen before and is not there is a change that the server lacks.
	PositionScopes []string
	// Digest is a hash over all entries independent of their order, lower-case hex.
	Digest string
}
