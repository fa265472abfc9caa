package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// Order is what a person ordered instead of an ordinary run. Exactly one of its
// fields is set. The run takes the lock, finishes what the journal left, reads
// all sources and the whole server, passes the guards, and does nothing else.
type Order struct {
	Relink *RelinkOrder
	Claim  *ClaimOrder
	Undo   *UndoOrder
}

// RelinkOrder asks for new stable IDs and account IDs of known people.
type RelinkOrder struct {
	By reconcile.RelinkBy
	// Only restricts it to these names and IDs; empty: everybody who fits.
	Only []string
}

// ClaimOrder asks to put accounts without an entry into the missing life cycle
// of a source.
type ClaimOrder struct {
	Source string
	Claims []reconcile.Claim
}

// UndoOrder asks to take a run back.
type UndoOrder struct {
	// Run is the whole ID of the run.
	Run string
	// LetGo only ends the holds that an undo of the run left.
	LetGo bool
}

// TriggerOrder is the trigger of runs that carry an order out; the schedule does
// not count them.
const TriggerOrder = state.TriggerOrder

// ErrNotAdopted says that a first run has to come first.
var ErrNotAdopted = errors.New("the first run has not been made yet: syncagent sync links people to accounts and changes nothing on the mail server")

// ErrNoSteps says that a run did nothing on the mail server.
var ErrNoSteps = errors.New("that run changed nothing on the mail server")

// ordered is the rest of a run that carries an order out.
func (r *run) ordered(ctx context.Context) error {
	began := r.now()
	if err := r.everything(ctx); err != nil {
		return err
	}
	if o := r.opts.Order.Undo; o != nil && o.LetGo {
		return r.letGo(ctx, o.Run)
	}
	decide, err := r.orderDecision(ctx)
	if err != nil {
		return err
	}
	if err := r.decideOrder(ctx, decide); err != nil {
		return err
	}
	r.took("decide", began)
	r.report.Result.Plan = r.plan.Plan
	if r.opts.DryRun {
		return nil
	}
	if err := r.saveListing(ctx); err != nil {
		return fmt.Errorf("keep the listing: %w", err)
	}
	if err := r.keepBlocked(ctx); err != nil {
		return err
	}
	began = r.now()
	r.left = map[int]bool{}
	if err := r.execute(ctx); err != nil {
		return err
	}
	r.took("execute", began)
	return r.newMeanings(ctx)
}

// everything collects all facts: orders are rare, and nobody may be overlooked.
func (r *run) everything(ctx context.Context) error {
	for _, name := range r.order {
		if !r.states[name].Adopted {
			return fmt.Errorf("source %s: %w", name, ErrNotAdopted)
		}
	}
	if err := r.fixedFacts(ctx); err != nil {
		return err
	}
	if err := r.list(ctx); err != nil {
		return err
	}
	err := r.ledger.EachPrincipal(ctx, "", func(p reconcile.Principal) error {
		if p.State != reconcile.StateGone {
			r.addPrincipals([]reconcile.Principal{p})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the principals: %w", err)
	}
	for _, id := range r.index.order {
		r.addAccounts([]reconcile.Account{r.index.accounts[id]})
	}
	return nil
}

// orderDecision gives the pure decision of the order.
func (r *run) orderDecision(ctx context.Context) (func(reconcile.Facts) reconcile.Decision, error) {
	switch o := r.opts.Order; {
	case o.Relink != nil:
		return func(f reconcile.Facts) reconcile.Decision {
			return reconcile.DecideRelink(f, o.Relink.By, o.Relink.Only...)
		}, nil
	case o.Claim != nil:
		return func(f reconcile.Facts) reconcile.Decision {
			return reconcile.DecideClaims(f, o.Claim.Source, o.Claim.Claims)
		}, nil
	case o.Undo != nil:
		done, err := r.doneSteps(ctx, o.Undo.Run)
		return func(f reconcile.Facts) reconcile.Decision { return reconcile.DecideUndo(f, done) }, err
	}
	return nil, errors.New("an empty order")
}

func (r *run) decideOrder(ctx context.Context, decide func(reconcile.Facts) reconcile.Decision) error {
	r.plan = decide(r.facts)
	if len(r.plan.WantRechecks) > 0 {
		answers, err := r.recheckAll(ctx, r.plan.WantRechecks)
		if err != nil {
			return err
		}
		maps.Copy(r.facts.Rechecks, answers)
		r.plan = decide(r.facts)
	}
	if len(r.plan.Plan.Actions) == 0 {
		return nil
	}
	why, err := r.checkServer(ctx)
	if err != nil || why == "" {
		return err
	}
	r.facts.ServerChanged = why
	r.plan = decide(r.facts)
	return nil
}

// doneSteps gives the actions of a run that were done, each with the account as
// it was before.
func (r *run) doneSteps(ctx context.Context, id string) ([]reconcile.Action, error) {
	if _, err := r.ledger.Run(ctx, id); err != nil {
		return nil, fmt.Errorf("run %s: %w", id, err)
	}
	steps, err := r.ledger.Steps(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read what run %s did: %w", id, err)
	}
	var done []reconcile.Action
	r.accessBefore = map[reconcile.AccountID]string{}
	for _, step := range steps {
		if step.Outcome != state.StepDone {
			continue
		}
		a := step.Action
		done = append(done, a)
		if _, known := r.accessBefore[a.Account]; !known && a.Before != nil {
			r.accessBefore[a.Account] = a.Before.Access
		}
	}
	if len(done) == 0 {
		return nil, fmt.Errorf("run %s: %w", id, ErrNoSteps)
	}
	return done, nil
}

// newMeanings records that a source gives its IDs from another attribute, once
// all its new links are made.
func (r *run) newMeanings(ctx context.Context) error {
	var moved []reconcile.SourceState
	for _, s := range r.plan.Sources {
		all := true
		for _, a := range r.plan.Plan.Actions {
			all = all && (a.Source != s.Name || r.results[a.Seq].Outcome == reconcile.OutcomeDone)
		}
		if all {
			moved = append(moved, s)
		}
	}
	if len(moved) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if _, err := r.ledger.Record(ctx, state.Changes{Sources: moved}); err != nil {
		return fmt.Errorf("record where the IDs come from: %w", err)
	}
	return nil
}
