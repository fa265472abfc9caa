package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"go.uber.org/zap"

	"syncagent/internal/audit"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
	"syncagent/internal/state"
)

// Agent makes runs for one configuration. One run at a time; the lock of the
// state directory sees to that between processes.
type Agent struct {
	cfg *config.Config
	log *zap.Logger
	now func() time.Time
	// dial and source are replaced by tests of this package.
	dial   func(ctx context.Context, c config.Server, log *zap.Logger) (stalwart.Server, error)
	source func(c config.Source, keepID string, log *zap.Logger) (Source, error)
}

// Options of New.
type Options struct {
	Config *config.Config
	// Log receives one line per action and one summary line per run; nil is none.
	Log *zap.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// New makes an agent. It opens nothing yet.
func New(o Options) *Agent {
	a := &Agent{cfg: o.Config, log: o.Log, now: o.Now, dial: dialServer, source: NewSource}
	if a.log == nil {
		a.log = zap.NewNop()
	}
	if a.now == nil {
		a.now = time.Now
	}
	return a
}

// RunOptions say what a run may do.
type RunOptions struct {
	// DryRun changes nothing at all, neither server nor ledger, and creates no
	// file.
	DryRun bool
	// AdoptAnew begins with an empty ledger although there are traces of an
	// earlier life.
	AdoptAnew bool
	// Trigger tells what started the run: "command", "schedule", "signal",
	// "catch-up".
	Trigger string
	// Command is what was typed, for the lock and for hints.
	Command string
	// Only restricts the run to the actions of a saved plan (apply).
	Only *reconcile.RunResult
	// Order makes the run carry out what a person ordered, and nothing else.
	Order *Order
	// Exact refuses the run if the plan computed now differs from Only.
	Exact bool
}

// Report is what came of a run.
type Report struct {
	Result reconcile.RunResult
	// DryRun tells that Result holds a plan and nothing was done.
	DryRun bool
	// Info is what was found out about the mail server.
	Info stalwart.Info
	// Failed counts actions that failed and will be tried again; Dropped those of
	// a saved plan that the plan computed now no longer contains.
	Failed  int
	Dropped int
	// LetGo counts holds of an undo that were ended.
	LetGo int
	// Owed counts what an interrupted run left to do: open steps of the journal, a
	// purge, twins that nobody has looked into. A dry run leaves it as it is.
	Owed int
	// Interrupted tells that the run ended before its actions.
	Interrupted bool
	// Stages tells how long each part took.
	Stages []StageTime
}

// StageTime is the duration of one part of a run.
type StageTime struct {
	Name string
	Took time.Duration
}

// Pending tells whether something would be done now.
func (r *Report) Pending() bool { return len(r.Result.Actions) > 0 || r.Owed > 0 }

// Unusable tells whether a source could not be used.
func (r *Report) Unusable() bool {
	return r.hasReason(reconcile.ClassUnusable)
}

// Blocked tells whether a guard blocked something that can be approved or
// relinked.
func (r *Report) Blocked() bool {
	return r.hasReason(reconcile.ClassBlock)
}

func (r *Report) hasReason(class reconcile.CodeClass) bool {
	for _, reason := range r.Result.Verdict.Reasons {
		if info, _ := reconcile.CodeInfo(reason.Code); info.Class == class {
			return true
		}
	}
	return false
}

// run is one run while it goes on.
type run struct {
	*Agent
	opts    RunOptions
	id      string
	started time.Time
	ledger  *state.Ledger
	unlock  func() error
	audit   *audit.Log
	server  stalwart.Server
	sources map[string]Source
	order   []string
	states  map[string]reconcile.SourceState
	rules   reconcile.NameRules
	index   *accountIndex
	facts   reconcile.Facts
	asked   *reconcile.Asked
	plan    reconcile.Decision
	report  *Report
	results map[int]reconcile.Result
	// controls are IDs that the last snapshot contained, by source.
	controls map[string]reconcile.StableID
	// outside are IDs that the last snapshot showed as leavers, by source.
	outside map[string]reconcile.StableID
	servers map[string]string // who gave the snapshot
	samples []int64
	// havePrincipal and haveAccount keep facts from being added twice.
	havePrincipal map[reconcile.PrincipalRef]bool
	haveAccount   map[reconcile.AccountID]bool
	created       []reconcile.Account // accounts made since the last listing
	// lacked is when the last complete listing was made; an account that the ledger
	// never saw did not exist then. Zero proves nothing.
	lacked time.Time
	// stopped is why no further call may be made.
	stopped error
	deleted []reconcile.AccountID
	moved   bool // identities changed: cached logins should end
	// twins are the accounts moved aside that nobody has looked into yet.
	twins map[reconcile.AccountID]reconcile.Action
	// twinsKept are those that stay aside, as the reports tell them.
	twinsKept map[reconcile.AccountID]keptTwinNote
	// stillAside are those of them that are on the server as they were put.
	stillAside map[reconcile.AccountID]reconcile.Account
	// unsettled are the accounts of open steps, which a dry run does not settle.
	unsettled map[reconcile.AccountID]bool
	// archives are the verified archives of accounts that this run deletes; noSpace
	// is why no further export is tried.
	archives map[reconcile.AccountID]kept
	noSpace  error
	// carried is the fingerprint that the server had before an upgrade; upgraded
	// tells that this run carried the ledger over.
	carried, upgraded string
	// accessBefore is the access of accounts before the run that is undone.
	accessBefore map[reconcile.AccountID]string
	// left are actions that a plan file does not contain.
	left map[int]bool
}

func (r *run) took(name string, since time.Time) {
	r.report.Stages = append(r.report.Stages, StageTime{Name: name, Took: r.now().Sub(since)})
}

// digest is a short hash of texts.
func digest(texts ...string) string {
	h := sha256.New()
	for _, text := range texts {
		h.Write([]byte(text))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
