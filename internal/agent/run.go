package agent

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

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
	r := &run{Agent: a, opts: o, started: a.now().UTC(), results: map[int]reconcile.Result{}, archives: map[reconcile.AccountID]kept{}}
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
	if err := r.openAudit(ctx); err != nil {
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
	if goOn, err := r.meetServer(ctx); err != nil || !goOn {
		return err
	}
	if err := r.recover(ctx); err != nil {
		return err
	}
	if err := possible(r.cfg, r.report.Info); err != nil {
		return err
	}
	if err := r.openSources(ctx); err != nil {
		return err
	}
	if err := r.readSources(ctx); err != nil {
		return err
	}
	if r.opts.Order != nil {
		return r.ordered(ctx)
	}
	began := r.now()
	if err := r.gather(ctx); err != nil {
		return err
	}
	if err := r.lookAtKeptTwins(ctx); err != nil {
		return err
	}
	if err := r.decide(ctx); err != nil {
		return err
	}
	r.notices()
	if err := r.tellKeptTwins(ctx); err != nil {
		return err
	}
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
	err := r.execute(ctx)
	r.heldExports()
	if err != nil {
		return err
	}
	r.took("execute", began)
	began = r.now()
	if err := r.purge(ctx); err != nil {
		return err
	}
	r.took("purge", began)
	return r.expireArchives(ctx)
}
