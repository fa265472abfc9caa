package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"syncagent/internal/reconcile"
)

// StepOutcome tells how a journaled step ended. Empty is an intent whose
// outcome nobody has recorded: the next run has to find out.
type StepOutcome string

// The outcomes of a step.
const (
	StepOpen    StepOutcome = ""
	StepDone    StepOutcome = "done"
	StepFailed  StepOutcome = "failed"
	StepDropped StepOutcome = "dropped"
	// StepUnknown ends a step whose effect cannot be told; it counts as done for
	// the limits and is never tried again.
	StepUnknown StepOutcome = "unknown"
)

// Step is one call to the mail server in the write-ahead journal.
type Step struct {
	// ID is given by Intend, in the order of the intents.
	ID  int64
	Run string
	// Seq orders the steps of a run.
	Seq int
	// Phase tells which call of the action it is, where one action needs several.
	Phase string
	// Action is what is to be done. Its Before, the account as it was read before,
	// is kept too.
	Action  reconcile.Action
	Created time.Time
	// The rest is known after Settle.
	Outcome  StepOutcome
	Error    string
	Finished time.Time
	// After is the account as the server showed or confirmed it, if at all.
	After *reconcile.Account
}

// Intend writes steps that are about to be made and returns them with ID and
// Created. When it returns they are on disk; only then may the server be
// called.
func (l *Ledger) Intend(ctx context.Context, run string, steps []Step) ([]Step, error) {
	intended := make([]Step, len(steps))
	err := l.inTx(ctx, "write the journal", func(tx *sql.Tx) error {
		for i, step := range steps {
			step.Run, step.Created, step.Outcome = run, l.now().UTC(), StepOpen
			id, err := insertStep(ctx, tx, step)
			if err != nil {
				return err
			}
			step.ID = id
			intended[i] = step
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return intended, nil
}

func insertStep(ctx context.Context, tx *sql.Tx, s Step) (id int64, err error) {
	action, err := encode(s.Action)
	if err != nil {
		return 0, err
	}
	before, err := encode(s.Action.Before)
	if err != nil {
		return 0, err
	}
	domain := reconcile.Domain(s.Action.From)
	if s.Action.From == "" {
		domain = reconcile.Domain(s.Action.To)
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO steps (run, seq, phase, kind, source, stable_id, account, domain,
			action, before_values, after_values, created, finished, outcome, error)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, 0, '', '') RETURNING id`,
		s.Run, s.Seq, s.Phase, string(s.Action.Kind), s.Action.Source, string(s.Action.StableID), string(s.Action.Account),
		domain, action, before, nanos(s.Created)).Scan(&id)
	return id, err
}

// Settlement is the outcome of one step.
type Settlement struct {
	Step    int64
	Outcome StepOutcome
	// Error is for people; empty if the step is done.
	Error string
	// After is the account as the server showed or confirmed it, if at all.
	After *reconcile.Account
}

// Settle records outcomes and what they change in the ledger, in one durable
// transaction. ErrNotFound if a step is not open: an outcome is written once.
func (l *Ledger) Settle(ctx context.Context, outcomes []Settlement, changes Changes) error {
	return l.inTx(ctx, "record outcomes", func(tx *sql.Tx) error {
		for _, o := range outcomes {
			if err := l.settle(ctx, tx, o); err != nil {
				return err
			}
		}
		_, err := changes.apply(ctx, tx)
		return err
	})
}

func (l *Ledger) settle(ctx context.Context, tx *sql.Tx, o Settlement) error {
	if o.Outcome == StepOpen {
		return fmt.Errorf("step %d: no outcome given", o.Step)
	}
	after, err := encode(o.After)
	if err != nil {
		return err
	}
	res, err := tx.ExecContext(ctx, `UPDATE steps SET outcome = ?, error = ?, after_values = ?, finished = ?
		WHERE id = ? AND outcome = ''`, string(o.Outcome), o.Error, after, nanos(l.now()), o.Step)
	if err = errors.Join(err, exactlyOne(res, err)); err != nil {
		return fmt.Errorf("step %d: %w", o.Step, err)
	}
	return nil
}

const selectSteps = `SELECT id, run, seq, phase, action, before_values, after_values, created, finished, outcome, error FROM steps `

// OpenSteps gives the intents without an outcome, in their order: what a
// killed run left behind.
func (l *Ledger) OpenSteps(ctx context.Context) ([]Step, error) {
	steps, err := l.steps(ctx, "WHERE outcome = '' ORDER BY id")
	return steps, wrap("read open steps", err)
}

// Steps gives all steps of a run, in their order.
func (l *Ledger) Steps(ctx context.Context, run string) ([]Step, error) {
	steps, err := l.steps(ctx, "WHERE run = ? ORDER BY seq, id", run)
	return steps, wrap("read steps of run "+run, err)
}

// StepsOf gives the newest steps of one principal first, at most limit.
func (l *Ledger) StepsOf(ctx context.Context, ref reconcile.PrincipalRef, limit int) ([]Step, error) {
	steps, err := l.steps(ctx, "WHERE source = ? AND stable_id = ? ORDER BY id DESC LIMIT ?", ref.Source, string(ref.ID), limit)
	return steps, wrap("read steps", err)
}

func (l *Ledger) steps(ctx context.Context, where string, args ...any) ([]Step, error) {
	var found []Step
	err := each(ctx, l.read, selectSteps+where, args, func(rows *sql.Rows) error {
		var s Step
		var created, finished int64
		var action, before, after string
		err := rows.Scan(&s.ID, &s.Run, &s.Seq, &s.Phase, &action, &before, &after, &created, &finished, &s.Outcome, &s.Error)
		s.Created, s.Finished = instant(created), instant(finished)
		err = errors.Join(err, decode(action, &s.Action), decode(before, &s.Action.Before), decode(after, &s.After))
		found = append(found, s)
		return err
	})
	return found, err
}

// PastActions gives what was done, or may have been, since a moment: steps
// with the outcome done or unknown and open ones, oldest first, one for each
// action of a run however many steps it took.
func (l *Ledger) PastActions(ctx context.Context, since time.Time) ([]reconcile.PastAction, error) {
	var found []reconcile.PastAction
	err := each(ctx, l.read, `SELECT kind, source, domain, min(created), max(coalesce(json_extract(action, '$.approved'), 0)) FROM steps
		WHERE created >= ? AND outcome IN ('done', 'unknown', '')
		GROUP BY run, kind, source, stable_id, account, domain ORDER BY min(id)`, []any{nanos(since)},
		func(rows *sql.Rows) error {
			var p reconcile.PastAction
			var at int64
			err := rows.Scan(&p.Kind, &p.Source, &p.Domain, &at, &p.Approved)
			p.At = instant(at)
			found = append(found, p)
			return err
		})
	return found, wrap("read past actions", err)
}
