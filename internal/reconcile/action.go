package reconcile

// ActionKind is one kind of thing that is done to one account.
type ActionKind string

// The kinds of action, as in plans and audit records.
const (
	ActRelease     ActionKind = "release"
	ActPark        ActionKind = "park"
	ActSuspend     ActionKind = "suspend"
	ActResume      ActionKind = "resume"
	ActRename      ActionKind = "rename"
	ActDestroyTwin ActionKind = "destroy-twin"
	ActRelink      ActionKind = "relink"
	ActClaim       ActionKind = "claim"
	ActExport      ActionKind = "export"
	ActDelete      ActionKind = "delete"
	ActPurge       ActionKind = "purge"
)

// Stage groups actions that are guarded together, in the order in which they
// run.
type Stage string

// The stages.
const (
	StageProtect Stage = "protect"
	StageRename  Stage = "rename"
	StageRemove  Stage = "remove"
)

// Stages lists the stages in their order.
var Stages = []Stage{StageProtect, StageRename, StageRemove}

// StageOf tells in which stage a kind of action runs.
func StageOf(kind ActionKind) Stage {
	switch kind {
	case ActRelease, ActPark, ActSuspend, ActResume:
		return StageProtect
	case ActRename, ActDestroyTwin, ActRelink:
		return StageRename
	case ActExport, ActDelete, ActPurge, ActClaim:
		return StageRemove
	}
	return StageRemove
}

// AddressChange is the set of other addresses before and after an action.
type AddressChange struct {
	From []string `json:"from"`
	To   []string `json:"to"`
}

// Action is one thing to do to one account. It is a value: it can be saved,
// reviewed, hashed and done later.
type Action struct {
	Seq      int        `json:"seq"`
	Kind     ActionKind `json:"kind"`
	Stage    Stage      `json:"stage"`
	Source   string     `json:"source"`
	StableID StableID   `json:"stable_id"`
	Account  AccountID  `json:"account"`
	From     string     `json:"from"`
	To       string     `json:"to"`
	// Via is the temporary name of a cycle, derived from the account ID.
	Via       string        `json:"via,omitempty"`
	Addresses AddressChange `json:"addresses"`
	Reason    string        `json:"reason"`
	// After lists the sequence numbers that must be done first.
	After []int `json:"after"`
	// Group binds actions that one request carries out together (a cycle, a twin
	// that is moved aside and the rename that takes its name); zero: alone.
	Group int `json:"group,omitempty"`
	// OldSource, OldID and OldAccount are what a relink takes the place of.
	OldSource  string    `json:"old_source,omitempty"`
	OldID      StableID  `json:"old_stable_id,omitempty"`
	OldAccount AccountID `json:"old_account,omitempty"`
	// HeldEntry is the hash of the entry that an undo holds on to, in hex.
	HeldEntry string `json:"held_entry,omitempty"`
	// Approved tells that a person approved or announced this very action: it does
	// not count against the limits, neither now nor later.
	Approved bool `json:"approved,omitempty"`
	// Approval is the approval of an absence that covers this delete.
	Approval int64 `json:"approval,omitempty"`
	// Before is the account as it must be found immediately before the action.
	Before *Account `json:"-"`
}

// Hold is an action not taken, with what a person can do.
type Hold struct {
	Code     string    `json:"code"`
	Source   string    `json:"source"`
	StableID StableID  `json:"stable_id"`
	Account  AccountID `json:"account"`
	Name     string    `json:"name"`
	Message  string    `json:"message"`
	Hint     string    `json:"hint"`
}
