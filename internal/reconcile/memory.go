package reconcile

import "time"

// PastAction is one planned-and-executed action of the recent past, for the
// rolling limits.
type PastAction struct {
	Kind   ActionKind
	Source string
	// Domain is the domain of the account's name, "" without one.
	Domain string
	At     time.Time
	// Approved actions leave the limits to those that nobody approved.
	Approved bool
}

// Approval lets the blocked actions of one plan pass. It is bound to the set
// of items that was blocked: it admits any later plan whose blocked stage is a
// subset.
type Approval struct {
	// ID is given by the ledger.
	ID int64
	// Plan is the hash of the plan that was approved.
	Plan string
	// By lists the persons who approved, sorted, each once (PersonKey).
	By      []string
	Reason  string
	Created time.Time
	Expires time.Time
	Items   []ApprovedItem
	// RenameFrom and RenameTo announce a change of domain for at most Max renames;
	// then Plan and Items are empty.
	RenameFrom string
	RenameTo   string
	Max        int
}

// Kinds of ApprovedItem that are no actions.
const (
	// ItemMiss is an absence that a guard did not let count.
	ItemMiss = "miss"
	// ItemLater is the delete of the account of somebody whose absence is approved,
	// once the grace is over: To is how much of it is left.
	ItemLater = "delete-later"
	// ItemMixed is the delete of an account that may hold mail of two people.
	ItemMixed = "mixed"
	// ItemOlder is a source that was set back: StableID is the key of the position,
	// From the position before and To the present one.
	ItemOlder = "older"
)

// ApprovedItem is one member of the set that an approval covers.
type ApprovedItem struct {
	// Kind is an action kind, or one of ItemMiss, ItemLater, ItemMixed, ItemOlder.
	Kind     string    `json:"kind"`
	Source   string    `json:"source"`
	StableID StableID  `json:"stable_id"`
	Account  AccountID `json:"account"`
	From     string    `json:"from"`
	To       string    `json:"to"`
}

// Protection is a person's order never to touch a principal.
type Protection struct {
	// Pattern is a name, an address, a stable ID or a pattern with "*".
	Pattern string
	By      string
	Reason  string
	Since   time.Time
}
