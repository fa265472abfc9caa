package agent

import (
	"context"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"syncagent/internal/audit"
	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// recover settles what a killed run left in the journal. It needs no snapshot
// and stands under no limit: each step is asked for on the server and recorded
// as done, not done, or unclear. What was not done is planned anew by this very
// run; a member of a cycle that stands under its temporary name goes on from
// there.
func (r *run) recover(ctx context.Context) error {
	steps, err := r.ledger.OpenSteps(ctx)
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	if err := r.readDebts(ctx, len(steps)); err != nil {
		return err
	}
	if r.opts.DryRun && len(steps) > 0 {
		r.unsettled = map[reconcile.AccountID]bool{}
		for _, step := range steps {
			r.unsettled[step.Action.Account] = true
		}
		r.log.Info("the journal has open steps of an interrupted run; the next run settles them", zap.Int("steps", len(steps)))
	}
	if r.opts.DryRun {
		return nil
	}
	for _, step := range steps {
		if err := r.recoverStep(ctx, step); err != nil {
			return err
		}
	}
	return r.finishTwins(ctx)
}

func (r *run) recoverStep(ctx context.Context, step state.Step) error {
	a := step.Action
	now, err := r.look(ctx, a.Account)
	if err != nil {
		return &ServerError{fmt.Errorf("settle step %d of run %s: %w", step.ID, step.Run, err)}
	}
	found := reconcile.AskDone(a, now, r.rules)
	effect, err := r.recoveredEffect(ctx, a, found, now)
	if err != nil {
		return err
	}
	settlement := state.Settlement{Step: step.ID, Outcome: settled(found), After: now}
	if found != reconcile.FoundDone {
		settlement.Error = "the run was interrupted; " + foundText(found)
	}
	if found == reconcile.FoundDone && a.Kind == reconcile.ActPark {
		r.cutAgain(ctx, a)
	}
	changes := r.changes(effect)
	if changes.Meta, err = r.debts(a, found == reconcile.FoundDone, false); err != nil {
		return err
	}
	if found == reconcile.FoundDone && (a.Kind == reconcile.ActDelete || a.Kind == reconcile.ActDestroyTwin) {
		r.deleted = append(r.deleted, a.Account)
	}
	fields := actionFields(a)
	fields["of_run"], fields["found"] = step.Run, foundText(found)
	hint := r.unprovenDelete(a, found)
	if hint != "" {
		fields["not_proven"] = hint
	}
	told := false
	if found == reconcile.FoundDone {
		if told, err = r.toldDone(ctx, step); err != nil {
			return err
		}
	}
	if !told {
		if err := r.tell(ctx, string(a.Kind), "recovered", fields); err != nil {
			return err
		}
	}
	if err := r.ledger.Settle(ctx, []state.Settlement{settlement}, changes); err != nil {
		return fmt.Errorf("settle step %d: %w", step.ID, err)
	}
	outcome := reconcile.OutcomeDone
	if found != reconcile.FoundDone {
		outcome = reconcile.OutcomeFailed
	}
	r.report.Result.Recovered = append(r.report.Result.Recovered, reconcile.Result{Seq: step.Seq, Outcome: outcome, Error: settlement.Error, Hint: hint})
	r.log.Info("step of an interrupted run settled", zap.String("of_run", step.Run), zap.String("kind", string(a.Kind)),
		zap.String("account", string(a.Account)), zap.String("found", foundText(found)))
	return nil
}

// unprovenDelete says that the data of an account, whose deletion a killed run
// may have cut, is not proven gone: 0.15 removes the account first.
func (r *run) unprovenDelete(a reconcile.Action, found reconcile.Found) string {
	if found != reconcile.FoundDone || !r.report.Info.RowFirst || a.Kind != reconcile.ActDelete && a.Kind != reconcile.ActDestroyTwin {
		return ""
	}
	return cutHint("the run was interrupted during the delete: the account is gone, but its data may be left on the server")
}

// cutAgain makes up for what a killed run may not have cut of a parked account:
// moving it aside and taking its credentials are not one call.
func (r *run) cutAgain(ctx context.Context, a reconcile.Action) {
	result, err := r.server.Park(ctx, reconcile.IdentityWrite{Account: a.Account, Name: a.To}, true)
	if err != nil {
		r.log.Warn("access to a parked account could not be cut again", zap.String("account", string(a.Account)), zap.Error(err))
	}
	for _, why := range result.NotCut {
		r.log.Warn("access to a parked account is not cut", zap.String("account", string(a.Account)),
			zap.String("code", why.Code), zap.String("reason", why.Message))
	}
	r.moved = true
}

// toldDone tells whether the run that was killed recorded in the audit log that
// the step was done, and died before it settled the journal.
func (r *run) toldDone(ctx context.Context, step state.Step) (bool, error) {
	files, err := audit.Files(ctx, r.cfg.Audit.File)
	if err != nil {
		return false, fmt.Errorf("find the audit log: %w", err)
	}
	told, a := false, step.Action
	filter := audit.Filter{Run: step.Run, Event: string(a.Kind), Name: string(a.Account)}
	err = audit.Show(ctx, files, filter, func(rec audit.Record) error {
		told = told || rec.Phase == string(state.StepDone) && rec.Fields["to"] == a.To
		return nil
	})
	return told, err
}

// recoveredEffect is what the ledger learns from a step that was done.
func (r *run) recoveredEffect(ctx context.Context, a reconcile.Action, found reconcile.Found, now *reconcile.Account) (reconcile.Effect, error) {
	principals, err := r.ledger.PrincipalsByRefs(ctx, []reconcile.PrincipalRef{{Source: a.Source, ID: a.StableID}})
	if err != nil {
		return reconcile.Effect{}, fmt.Errorf("read the principal of an open step: %w", err)
	}
	mine := slices.IndexFunc(principals, func(p reconcile.Principal) bool { return p.Link.Account == a.Account })
	if mine < 0 {
		return reconcile.Effect{}, nil // a twin or an account that nobody is linked to
	}
	account := reconcile.Account{ID: a.Account, Name: a.To}
	if now != nil {
		account = *now
	}
	return reconcile.Recovered(a, found, principals[mine], r.rules, account, r.started), nil
}

func settled(found reconcile.Found) state.StepOutcome {
	switch found {
	case reconcile.FoundDone:
		return state.StepDone
	case reconcile.FoundNotDone, reconcile.FoundStranded:
		return state.StepFailed
	case reconcile.FoundUnclear:
	}
	return state.StepUnknown
}

func foundText(found reconcile.Found) string {
	switch found {
	case reconcile.FoundDone:
		return "it had been done"
	case reconcile.FoundNotDone:
		return "it had not been done; this run plans anew"
	case reconcile.FoundStranded:
		return "the account stands under its temporary name; this run goes on from there"
	case reconcile.FoundUnclear:
	}
	return "what became of it cannot be told; look at the account"
}
