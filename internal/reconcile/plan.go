package reconcile

import "time"

// PlanVersion is the version of the plan's JSON form.
const PlanVersion = 1

// Plan is what a run would do, or did: ordered actions, holds, and the
// verdict of the guards. The zero value is blocked.
type Plan struct {
	Version int          `json:"version"`
	Hash    string       `json:"hash"`
	Sources []SourcePlan `json:"sources"`
	Server  ServerPlan   `json:"server"`
	Verdict Verdict      `json:"verdict"`
	Actions []Action     `json:"actions"`
	Holds   []Hold       `json:"holds"`
	Missing []Missing    `json:"missing"`
	// Unconfirmed lists absences that a guard keeps from counting; an approval
	// covers them.
	Unconfirmed []Missing `json:"unconfirmed,omitempty"`
	// Notices are worth telling but hold nothing back (orphans at a first run,
	// drift, administrators' addresses, patterns that match nobody).
	Notices []Notice `json:"notices,omitempty"`
	Counts  Counts   `json:"counts"`
}

// SourcePlan tells what a source gave.
type SourcePlan struct {
	Name     string   `json:"name"`
	Complete bool     `json:"complete"`
	FirstRun bool     `json:"first_run"`
	Entries  int      `json:"entries"`
	Reasons  []Reason `json:"reasons"`
	Warnings []Reason `json:"warnings,omitempty"`
	// Older is in what an unusable source is older than before; an approval covers
	// it.
	Older []SetBack `json:"older,omitempty"`
}

// ServerPlan identifies the mail server of the plan, and tells what can be done
// with it. Only generation and fingerprint count for the hash of the plan.
type ServerPlan struct {
	Generation  string `json:"generation"`
	Fingerprint string `json:"fingerprint"`
	// Version is the release as far as it is known, for people.
	Version string `json:"version,omitempty"`
	// Can and Cannot are words such as "rename" and "export".
	Can    []string `json:"can,omitempty"`
	Cannot []string `json:"cannot,omitempty"`
}

// StageVerdict is what the guards say about a stage.
type StageVerdict string

// The verdicts. The zero value counts as blocked.
const (
	StageOK       StageVerdict = "ok"
	StageBlocked  StageVerdict = "blocked"
	StageApproved StageVerdict = "approved"
)

// Verdict is the judgement of the guards over a plan. Reasons of code
// "unusable" class (a source that was not read to the end, is empty or below
// min_entries) cannot be approved and set Unusable.
type Verdict struct {
	Blocked bool                   `json:"blocked"`
	Stages  map[Stage]StageVerdict `json:"stages"`
	Reasons []BlockReason          `json:"reasons"`
}

// BlockReason says why a stage of a source is blocked.
type BlockReason struct {
	Code    string `json:"code"`
	Stage   Stage  `json:"stage"`
	Source  string `json:"source"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
	// Approvable is false for what cannot be approved (exit 5), true for what can
	// (exit 4; 5 for an older snapshot).
	Approvable bool `json:"approvable"`
}

// Missing is a principal that the directory no longer lists.
type Missing struct {
	Source     string     `json:"source"`
	StableID   StableID   `json:"stable_id"`
	Account    AccountID  `json:"account"`
	Name       string     `json:"name"`
	Since      time.Time  `json:"since"`
	Misses     int        `json:"misses"`
	SuspendDue *time.Time `json:"suspend_due,omitempty"`
	DeleteDue  *time.Time `json:"delete_due,omitempty"`
	// DeleteAfter is set for an absence that does not count yet: an approval of it
	// also covers the delete after so much time, unless it is for absences only.
	DeleteAfter string `json:"delete_after,omitempty"`
	// DeleteApproved tells that an approval of the absence covers the delete.
	DeleteApproved bool `json:"delete_approved,omitempty"`
}

// Notice is a remark in a plan.
type Notice struct {
	Code    string    `json:"code"`
	Source  string    `json:"source,omitempty"`
	Account AccountID `json:"account,omitempty"`
	Name    string    `json:"name,omitempty"`
	Message string    `json:"message"`
}

// Counts sums a plan up.
type Counts struct {
	Known     int `json:"known"`
	Unchanged int `json:"unchanged"`
	New       int `json:"new"`
	Linked    int `json:"linked"`
	Rename    int `json:"rename"`
	Missing   int `json:"missing"`
	Release   int `json:"release"`
	Park      int `json:"park"`
	Suspend   int `json:"suspend"`
	Resume    int `json:"resume"`
	Export    int `json:"export"`
	Delete    int `json:"delete"`
	Twin      int `json:"twin"`
	Hold      int `json:"hold"`
}

// Outcome tells how an action ended.
type Outcome string

// The outcomes.
const (
	OutcomeDone    Outcome = "done"
	OutcomeFailed  Outcome = "failed"
	OutcomeDropped Outcome = "dropped"
	OutcomeSkipped Outcome = "skipped"
)

// Result is the outcome of one action of a plan.
type Result struct {
	Seq     int     `json:"seq"`
	Outcome Outcome `json:"outcome"`
	Error   string  `json:"error,omitempty"`
	Hint    string  `json:"hint,omitempty"`
}

// PurgeResult tells what became of the purge of a run.
type PurgeResult struct {
	// State is one of "done", "requested", "skipped", "failed", "timeout".
	State   string `json:"state"`
	Message string `json:"message,omitempty"`
}

// RunResult is a plan together with what came of it.
type RunResult struct {
	Plan
	Run        string       `json:"run"`
	Created    time.Time    `json:"created"`
	Expires    *time.Time   `json:"expires,omitempty"`
	Results    []Result     `json:"results,omitempty"`
	Recovered  []Result     `json:"recovered,omitempty"`
	Purge      *PurgeResult `json:"purge,omitempty"`
	DurationMS int64        `json:"duration_ms"`
}
