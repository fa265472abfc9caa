package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
	"syncagent/internal/state"
)

func errField(err error) zap.Field { return zap.Error(err) }

func asNotFound(err error) (*stalwart.NotFoundError, bool) {
	var nf *stalwart.NotFoundError
	ok := errors.As(err, &nf)
	return nf, ok
}

// purge waits until the server has finished the deletions, verifies them, and
// then lets it drop the data that nobody refers to any more, once. A purge that
// an earlier run owes is made up for.
func (r *run) purge(ctx context.Context) error {
	_, owed, err := r.ledger.Meta(ctx, metaPurge)
	if err != nil {
		return fmt.Errorf("look for an owed purge: %w", err)
	}
	if len(r.deleted) == 0 && !owed {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, r.cfg.Server.DeleteTimeout.Std())
	defer cancel()
	if len(r.deleted) > 0 {
		if err := r.verifyDeleted(limit); err != nil {
			return err
		}
	}
	if r.cfg.Policy.Purge.Mode == config.PurgeCron && !r.purgeDue(ctx) {
		return nil // owed until its own schedule says so
	}
	result := r.purgeOnce(limit)
	r.report.Result.Purge = &result
	if err := r.tell(context.WithoutCancel(ctx), "purge", result.State, map[string]any{"message": result.Message}); err != nil {
		return err
	}
	if result.State == "failed" || result.State == "timeout" {
		r.log.Warn("purge", zap.String("run", r.id), zap.String("state", result.State), zap.String("message", result.Message))
		return nil // the next run makes up for it
	}
	r.log.Info("purge", zap.String("run", r.id), zap.String("state", result.State), zap.String("message", result.Message))
	_, err = r.ledger.Record(context.WithoutCancel(ctx), state.Changes{Meta: map[string]string{metaPurge: ""}})
	if err != nil {
		return fmt.Errorf("record the purge: %w", err)
	}
	return nil
}

// verifyDeleted waits for the server's own tasks, then looks whether the
// accounts are gone.
func (r *run) verifyDeleted(ctx context.Context) error {
	slices.SortFunc(r.deleted, reconcile.CompareAccountIDs)
	states, err := r.server.AwaitDestroyed(ctx, r.deleted)
	if err != nil {
		if stalwart.Stopped(err) {
			return &ServerError{err}
		}
		r.log.Warn("the server's deletions could not be watched", errField(err))
		return nil
	}
	for _, id := range r.deleted {
		if s := states[id]; s.State == stalwart.DestroyFailed {
			r.noteCut(id, s.Reason)
			r.log.Warn("the server could not finish a deletion", zap.String("account", string(id)), zap.String("reason", s.Reason))
			err := r.tell(ctx, "delete", "unfinished", map[string]any{"account": string(id), "error": s.Reason})
			if err != nil {
				return err
			}
		}
	}
	_, gone, err := r.server.Get(ctx, r.deleted)
	if err != nil {
		return &ServerError{fmt.Errorf("verify the deletions: %w", err)}
	}
	if len(gone) != len(r.deleted) {
		return &ServerError{fmt.Errorf("verify the deletions: %d of %d accounts still answer", len(r.deleted)-len(gone), len(r.deleted))}
	}
	return nil
}

// noteCut tells in the result of a deletion that data may be left. The deletion
// is done all the same: the ID is dead, and nothing is tried on it again.
func (r *run) noteCut(id reconcile.AccountID, why string) {
	for _, a := range r.plan.Plan.Actions {
		result, tried := r.results[a.Seq]
		if a.Account == id && tried && (a.Kind == reconcile.ActDelete || a.Kind == reconcile.ActDestroyTwin) {
			result.Hint = cutHint(why)
			r.results[a.Seq] = result
		}
	}
}

func cutHint(why string) string { return reconcile.HoldCutDelete + ": " + why }

// purgeOnce starts the purge and watches it where the server lets us.
func (r *run) purgeOnce(ctx context.Context) reconcile.PurgeResult {
	switch {
	case r.cfg.Policy.Purge.Mode == config.PurgeNever:
		return reconcile.PurgeResult{State: "skipped", Message: "policy.purge is never"}
	case !r.report.Info.Can.Purge:
		return reconcile.PurgeResult{State: "skipped", Message: "the login may not start a purge; the server purges on its own schedule"}
	}
	result, err := r.server.Purge(ctx)
	if err != nil {
		return reconcile.PurgeResult{State: "failed", Message: err.Error()}
	}
	if result.State != "requested" {
		return result
	}
	watched, err := r.server.AwaitPurge(ctx)
	if err != nil {
		return reconcile.PurgeResult{State: "timeout", Message: "the purge was requested, but its end was not seen: " + err.Error()}
	}
	return watched
}

// purgeDue tells whether the purge's own schedule had a time between the last
// run and now.
func (r *run) purgeDue(ctx context.Context) bool {
	schedule, err := config.ParseCron(r.cfg.Policy.Purge.Cron)
	if err != nil {
		return false
	}
	since := r.started.Add(-24 * time.Hour)
	if runs, err := r.ledger.Runs(ctx, 2); err == nil && len(runs) == 2 {
		since = runs[1].Started
	}
	next := schedule.Next(since)
	return !next.IsZero() && !next.After(r.started)
}
