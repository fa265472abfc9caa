package reconcile

import "time"

// Policy is what the configuration wants for one source. The zero value
// reports and does nothing.
type Policy struct {
	// Rename applies renames; otherwise they are only reported.
	Rename bool
	// Missing says what happens to principals that are missing.
	Missing MissingPolicy
	// Suspend cuts access before the delete, after its reads and time.
	Suspend     bool
	SuspendRuns int
	SuspendTime time.Duration
	// Grace: both the counted reads and the counted time must have passed.
	GraceRuns int
	GraceTime time.Duration
	// Spacing is the least time between two counted reads.
	Spacing time.Duration
	// SuspendDisabled suspends accounts of entries that are not enabled.
	SuspendDisabled bool
	// ExportRequired holds a delete until a verified archive exists.
	ExportRequired bool
	// Park allows to park an account whose name is reused; otherwise it is held.
	Park bool
	Twin TwinPolicy
	// Tombstones is how long a name or address remembers its owner.
	Tombstones time.Duration
	Protect    []string
	// Approvals is the number of persons that an approval needs.
	Approvals  int
	Limits     map[ActionKind]Limit
	MinEntries int
	// MaxDrop is the largest share of IDs that may be gone, 0.1 is ten percent.
	MaxDrop       float64
	Canaries      []string
	IDNeverReused bool
	// SamePersonMapped tells that map.same_person is configured.
	SamePersonMapped bool
	// SamePerson are these attributes; people of two sources are compared by those
	// that have the same name in both, without case.
	SamePerson []string
	// AddressesMapped tells that map.addresses is configured.
	AddressesMapped bool
}

// MissingPolicy is what happens to an account whose owner is gone.
type MissingPolicy uint8

// The values of policy.missing.
const (
	MissingReport MissingPolicy = iota
	MissingSuspend
	MissingDelete
)

// TwinPolicy is what happens to an account that the server made by itself
// under a renamed user's new name.
type TwinPolicy uint8

// The values of policy.twin. The zero value holds.
const (
	TwinHold TwinPolicy = iota
	TwinReplaceEmpty
	TwinMerge
)

// Limit bounds how many actions of a kind may happen in 24 hours.
type Limit struct {
	Count int
	// Percent of the living principals, 2 is two percent.
	Percent float64
}

// WeekFactor is how many times the limit of a day a week allows.
const WeekFactor = 5

// Allowed gives min(count, max(3, percent of the living)).
func (l Limit) Allowed(living int) int {
	share := int(l.Percent * float64(living) / 100)
	return min(l.Count, max(3, share))
}
