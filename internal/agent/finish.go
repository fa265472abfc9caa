package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

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
