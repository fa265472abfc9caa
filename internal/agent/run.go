package agent

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"syncagent/internal/audit"
	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// Run makes one run. The report is never nil and tells what was done, also
// when the error says why the run could not go on.
//
// Errors: *state.LockedError (another run), *ServerError, *TrustError,
// *ExactError, *audit.WriteError, context errors, and others. A source that
// could not be used is no error; the plan's verdict tells it.
func (a *Agent) Run(ctx context.Context, o RunOptions) (*Report, error) {
	r := &run{Agent: a, opts: o, started: a.now().UTC(), results: map[int]reconcile.Result{}}
	r.report = &Report{DryRun: o.DryRun}
	err := r.open(ctx)
	if err != nil {
		return r.report, trust(errors.Join(err, r.close()))
	}
	err = r.cycle(ctx)
	r.sum(err)
	err = errors.Join(err, r.finish(ctx, err), r.close())
	return r.report, trust(err)
}

// open opens the ledger, takes the lock and opens the audit log. A dry run
// only reads.
func (r *run) open(ctx context.Context) error {
	mode := state.ReadWrite
	if r.opts.DryRun {
		mode = state.ReadOnly
	}
	ledger, err := state.Open(ctx, state.Options{Dir: r.cfg.State.Dir, Mode: mode, Now: r.now, Command: r.opts.Command})
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	r.ledger = ledger
	if r.opts.DryRun {
		return r.checkTraces(ctx)
	}
	if r.unlock, err = ledger.Lock(ctx, r.opts.Command); err != nil {
		return err
	}
	if err := r.checkTraces(ctx); err != nil {
		return err
	}
	anchor, err := r.anchor(ctx)
	if err != nil {
		return err
	}
	options := audit.Options{File: r.cfg.Audit.File, Now: r.now, Anchor: anchor}
	if r.cfg.Audit.SignKey != nil {
		options.SignKey = func() ([]byte, error) {
			key, err := r.cfg.Audit.SignKey.Read()
			return []byte(key), err
		}
	}
	if r.audit, err = audit.Open(ctx, options); err != nil {
		return err
	}
	return r.begin(ctx)
}

// begin records the run: first in the ledger, then in the audit log, so that
// every run of the audit log is known to a ledger that was not lost.
func (r *run) begin(ctx context.Context) error {
	id := make([]byte, 4)
	if _, err := rand.Read(id); err != nil {
		return fmt.Errorf("make a run ID: %w", err)
	}
	r.id = r.started.Format("20060102T150405Z") + "-" + hex.EncodeToString(id)
	r.report.Result.Run, r.report.Result.Created = r.id, r.started
	err := r.ledger.BeginRun(ctx, state.Run{
		ID: r.id, Started: r.started, Trigger: r.opts.Trigger, Command: r.opts.Command, ConfigHash: r.cfg.Fingerprint(),
	})
	if err != nil {
		return fmt.Errorf("record the run: %w", err)
	}
	return r.tell(ctx, "run", "begin", map[string]any{"trigger": r.opts.Trigger})
}

// cycle is the run between opening and closing.
func (r *run) cycle(ctx context.Context) error {
	if err := r.connect(ctx); err != nil {
		return err
	}
	if err := r.recover(ctx); err != nil {
		return err
	}
	if err := r.openSources(ctx); err != nil {
		return err
	}
	if err := r.readSources(ctx); err != nil {
		return err
	}
	began := r.now()
	if err := r.gather(ctx); err != nil {
		return err
	}
	if err := r.decide(ctx); err != nil {
		return err
	}
	r.notices()
	r.took("decide", began)
	r.report.Result.Plan = r.plan.Plan
	if r.opts.DryRun {
		return nil
	}
	return r.act(ctx)
}

// connect dials the mail server and reads its rules.
func (r *run) connect(ctx context.Context) error {
	began := r.now()
	server, err := r.dial(ctx, r.cfg.Server, r.log)
	if err != nil {
		return &ServerError{err}
	}
	r.server, r.report.Info = server, server.Info()
	if r.rules, err = server.Rules(ctx); err != nil {
		return &ServerError{fmt.Errorf("read the domains: %w", err)}
	}
	r.took("connect", began)
	return nil
}

// act records what was learned and carries the plan out.
func (r *run) act(ctx context.Context) error {
	if err := r.restrict(); err != nil {
		return err
	}
	if err := r.saveListing(ctx); err != nil {
		return fmt.Errorf("keep the listing: %w", err)
	}
	if err := r.learn(ctx); err != nil {
		return err
	}
	began := r.now()
	if err := r.execute(ctx); err != nil {
		return err
	}
	r.took("execute", began)
	began = r.now()
	if err := r.purge(ctx); err != nil {
		return err
	}
	r.took("purge", began)
	return nil
}

// runsKept is how long runs and their steps are remembered; the audit log keeps
// them for ever.
const runsKept = 400 * 24 * time.Hour

// planLife is how long the plan of a blocked run can be approved.
const planLife = 7 * 24 * time.Hour

// learn writes down what the snapshot taught, whatever becomes of the actions.
func (r *run) learn(ctx context.Context) error {
	if err := r.tellDetected(ctx); err != nil {
		return err
	}
	changes := r.changes(r.plan.Record)
	changes.Sources = r.plan.Sources
	changes.Meta = map[string]string{metaServer: r.report.Info.Fingerprint, metaRules: rulesDigest(r.rules), metaDiff: r.diffDigest()}
	changes.DeleteTombstonesBefore = r.started.Add(-r.tombstones())
	changes.DeleteGoneBefore = changes.DeleteTombstonesBefore
	changes.DeleteRunsBefore = r.started.Add(-runsKept)
	if _, err := r.ledger.Record(ctx, changes); err != nil {
		return fmt.Errorf("record what was seen: %w", err)
	}
	if len(r.plan.Blocked) == 0 {
		return nil
	}
	_, err := r.ledger.Plan(ctx, r.plan.Plan.Hash)
	known := err == nil
	saved := blockedPlan{RunResult: r.report.Result, Blocked: r.plan.Blocked}
	if err := r.ledger.SavePlan(ctx, r.plan.Plan.Hash, saved, r.started, r.started.Add(planLife)); err != nil {
		return fmt.Errorf("keep the blocked plan: %w", err)
	}
	if known || !r.plan.Plan.Verdict.Blocked {
		return nil // told when it was new
	}
	return r.tell(ctx, "blocked", "", map[string]any{"plan": r.plan.Plan.Hash, "items": len(r.plan.Blocked)})
}

// blockedPlan is what the ledger keeps of a blocked run: the plan, and the
// items that an approval of it covers.
type blockedPlan struct {
	reconcile.RunResult
	Blocked []reconcile.ApprovedItem `json:"blocked_items"`
}

// BlockedItems reads the items that an approval covers out of a saved plan.
func BlockedItems(saved json.RawMessage) ([]reconcile.ApprovedItem, error) {
	var plan blockedPlan
	if err := json.Unmarshal(saved, &plan); err != nil {
		return nil, fmt.Errorf("read the saved plan: %w", err)
	}
	return plan.Blocked, nil
}

func (r *run) tombstones() time.Duration {
	longest := time.Duration(0)
	for _, c := range r.cfg.Sources {
		longest = max(longest, c.Policy.Tombstones.Std())
	}
	return longest
}

// changes prepares what one transaction writes.
func (r *run) changes(e reconcile.Effect) state.Changes {
	return state.Changes{
		Principals: e.Principals, Tombstones: e.Tombstones,
		KeysOf: func(p reconcile.Principal) []reconcile.Hash { return principalKeys(r.rules, p) },
	}
}

func principalKeys(rules reconcile.NameRules, p reconcile.Principal) []reconcile.Hash {
	var keys []reconcile.Hash
	add := func(name string) {
		if name != "" {
			keys = append(keys, reconcile.HashOf(string(rules.Key(name))))
		}
	}
	add(p.Name)
	add(p.Link.Name)
	for _, also := range p.Also {
		add(also.Name)
	}
	return keys
}

// sum fills the report in.
func (r *run) sum(err error) {
	res := &r.report.Result
	for _, a := range res.Actions {
		result, ok := r.results[a.Seq]
		if !ok {
			result = reconcile.Result{Seq: a.Seq, Outcome: reconcile.OutcomeSkipped}
			if r.stopped != nil {
				result.Error = "not tried: " + r.stopped.Error()
			}
		}
		switch result.Outcome {
		case reconcile.OutcomeFailed:
			r.report.Failed++
		case reconcile.OutcomeDropped:
			r.report.Dropped++
		case reconcile.OutcomeDone, reconcile.OutcomeSkipped:
		}
		if !r.opts.DryRun {
			res.Results = append(res.Results, result)
		}
	}
	r.report.Interrupted = errors.Is(err, context.Canceled)
	if r.opts.DryRun {
		res.Run, res.Created = "", time.Time{}
		return
	}
	res.DurationMS = r.now().Sub(r.started).Milliseconds()
}

// finish records the end of the run. It works also after a cancel.
func (r *run) finish(ctx context.Context, failed error) error {
	if r.opts.DryRun {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	text := ""
	if failed != nil {
		text = failed.Error()
	}
	c := r.report.Result.Counts
	fields := map[string]any{
		"renames": c.Rename, "deletes": c.Delete, "holds": c.Hold, "failed": r.report.Failed,
		"blocked": r.report.Result.Verdict.Blocked, "error": text,
	}
	if err := r.tell(ctx, "run", "end", fields); err != nil {
		return err
	}
	head, err := json.Marshal(r.audit.Head())
	if err != nil {
		return fmt.Errorf("remember the end of the audit log: %w", err)
	}
	if _, err := r.ledger.Record(ctx, state.Changes{Meta: map[string]string{metaAnchor: string(head)}}); err != nil {
		return fmt.Errorf("remember the end of the audit log: %w", err)
	}
	if err := r.ledger.FinishRun(ctx, r.id, r.report.Result, r.report.ExitCode(failed), text); err != nil {
		return fmt.Errorf("record the end of the run: %w", err)
	}
	r.summary(failed)
	return nil
}

// summary is the one line that every run writes.
func (r *run) summary(failed error) {
	c, res := r.report.Result.Counts, r.report.Result
	fields := []zap.Field{
		zap.String("run", r.id), zap.Int("known", c.Known), zap.Int("unchanged", c.Unchanged), zap.Int("new", c.New),
		zap.Int("renamed", r.done(reconcile.ActRename)), zap.Int("deleted", r.done(reconcile.ActDelete)), zap.Int("missing", c.Missing),
		zap.Int("holds", c.Hold), zap.Int("failed", r.report.Failed), zap.Bool("blocked", res.Verdict.Blocked),
		zap.Int64("duration_ms", res.DurationMS), zap.Int("exit_code", r.report.ExitCode(failed)),
	}
	if failed != nil {
		r.log.Error("run failed", append(fields, zap.Error(failed))...)
		return
	}
	r.log.Info("run finished", fields...)
}

func (r *run) done(kind reconcile.ActionKind) int {
	n := 0
	for _, a := range r.report.Result.Actions {
		if a.Kind == kind && r.results[a.Seq].Outcome == reconcile.OutcomeDone {
			n++
		}
	}
	return n
}

// close lets go of everything, in the reverse order of open.
func (r *run) close() error {
	var errs []error
	if r.server != nil {
		r.server.Close()
	}
	if r.audit != nil {
		errs = append(errs, r.audit.Close())
	}
	if r.unlock != nil {
		errs = append(errs, r.unlock())
	}
	if r.ledger != nil {
		errs = append(errs, r.ledger.Close())
	}
	return errors.Join(errs...)
}
