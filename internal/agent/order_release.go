package agent

import (
	"context"
	"fmt"
	"slices"

	"syncagent/internal/audit"
	"syncagent/internal/reconcile"
)

// letGo ends the holds of an undo: whoever that run concerned is decided anew
// by the next ordinary run.
func (r *run) letGo(ctx context.Context, id string) error {
	done, err := r.doneSteps(ctx, id)
	if err != nil {
		return err
	}
	r.report.Result.Plan = reconcile.DecideUndo(r.facts, nil).Plan
	var rows []reconcile.Principal
	for _, p := range r.facts.Principals {
		concerned := slices.ContainsFunc(done, func(a reconcile.Action) bool {
			return a.Source == p.Source && a.StableID == p.ID || a.Account == p.Link.Account
		})
		if row, held := reconcile.LetGo(p); concerned && held {
			rows = append(rows, row)
		}
	}
	r.report.LetGo = len(rows)
	if r.opts.DryRun || len(rows) == 0 {
		return nil
	}
	if err := r.tellLetGo(ctx, "intent", rows); err != nil {
		return err
	}
	// It is announced: an interruption must not leave half of it.
	ctx = context.WithoutCancel(ctx)
	if _, err := r.ledger.Record(ctx, r.changes(reconcile.Effect{Principals: rows})); err != nil {
		return fmt.Errorf("end the holds: %w", err)
	}
	return r.tellLetGo(ctx, "done", rows)
}

func (r *run) tellLetGo(ctx context.Context, phase string, rows []reconcile.Principal) error {
	records := make([]audit.Record, 0, len(rows))
	for _, p := range rows {
		records = append(records, audit.Record{Run: r.id, Event: "let-go", Phase: phase, Fields: map[string]any{
			"source": p.Source, "stable_id": string(p.ID), "account": string(p.Link.Account), "from": p.Link.Name, "to": p.Link.Name,
		}})
	}
	return r.audit.Append(ctx, records...)
}
