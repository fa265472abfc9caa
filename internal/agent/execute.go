package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"go.uber.org/zap"

	"syncagent/internal/audit"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
	"syncagent/internal/state"
)

// batchSize is how many actions one request carries out: batching more brings
// little speed and makes a failed request worse (stalwart-jmap, batch figures).
const batchSize = 50

// recordTime bounds how long the outcomes of a batch may take to be recorded,
// with a question to the server about each that is not certain.
const recordTime = 10 * time.Minute

// execute carries the allowed actions out, in their order, batch by batch. A
// cancel lets the batch in flight finish and be recorded. It returns an error
// only if the run cannot go on; actions that failed are in the results.
func (r *run) execute(ctx context.Context) error {
	actions := r.plan.Plan.Actions
	for i := 0; i < len(actions); {
		n := r.batch(actions[i:])
		ready := r.ready(actions[i : i+n])
		if len(ready) > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := r.carryOut(ctx, ready); err != nil {
				return err
			}
		}
		if r.stopped != nil {
			return &ServerError{r.stopped}
		}
		i += n
	}
	return r.endLogins(ctx)
}

// batch tells how many of the actions go together: whole groups, of one way of
// carrying out, none of which waits for another one outside of its group.
func (r *run) batch(actions []reconcile.Action) int {
	n := 0
	most := r.most(actions[0])
	for n < len(actions) {
		end := n + 1
		for end < len(actions) && actions[n].Group != 0 && actions[end].Group == actions[n].Group {
			end++
		}
		if n > 0 && (end > most || wayOf(actions[0]) != wayOf(actions[n]) || waits(actions[:n], actions[n:end])) {
			break
		}
		n = end
		if n >= most || wayOf(actions[0]) == waySingle {
			break
		}
	}
	return n
}

// most is how many actions like this one go together. Before 0.16 the server
// deletes within the request, for minutes if the account is large: one at a time,
// so that each is asked for in the directory right before, and recorded right
// after.
func (r *run) most(a reconcile.Action) int {
	if wayOf(a) == wayDestroy && r.timeless() {
		return 1
	}
	return batchSize
}

// waits tells whether one of the later actions needs one of the earlier ones
// done first.
func waits(earlier, later []reconcile.Action) bool {
	for _, a := range later {
		for _, seq := range a.After {
			if seq >= earlier[0].Seq && seq <= earlier[len(earlier)-1].Seq {
				return true
			}
		}
	}
	return false
}

// way is how an action is carried out.
type way int

const (
	waySingle   way = iota // one call for each action
	wayIdentity            // name and addresses, many in one request
	wayLedger              // nothing on the server
	wayDestroy             // many in one request
)

func wayOf(a reconcile.Action) way {
	switch a.Kind {
	case reconcile.ActRename, reconcile.ActRelease:
		return wayIdentity
	case reconcile.ActDelete:
		return wayDestroy
	case reconcile.ActPark, reconcile.ActSuspend, reconcile.ActResume, reconcile.ActDestroyTwin,
		reconcile.ActExport, reconcile.ActPurge:
		return waySingle
	case reconcile.ActRelink, reconcile.ActClaim:
		return wayLedger
	}
	return waySingle
}

// ready drops what may not run now: blocked stages, and what waits for an
// action that was not done. A group runs as a whole or not at all.
func (r *run) ready(batch []reconcile.Action) []reconcile.Action {
	bad := map[int]bool{} // groups
	var out []reconcile.Action
	may := func(a reconcile.Action) bool {
		if !r.plan.Allowed[a.Source][a.Stage] || r.left[a.Seq] {
			return false
		}
		for _, seq := range a.After {
			if r.results[seq].Outcome != reconcile.OutcomeDone {
				return false
			}
		}
		return true
	}
	for _, a := range batch {
		if a.Group != 0 && !may(a) {
			bad[a.Group] = true
		}
	}
	for _, a := range batch {
		if may(a) && !bad[a.Group] {
			out = append(out, a)
		}
	}
	return out
}

// carryOut checks, journals and makes one batch.
func (r *run) carryOut(ctx context.Context, batch []reconcile.Action) error {
	batch, err := r.precheck(ctx, batch)
	if err != nil || len(batch) == 0 {
		return err
	}
	steps := make([]state.Step, len(batch))
	intents := make([]audit.Record, len(batch))
	for i, a := range batch {
		intents[i] = audit.Record{Run: r.id, Event: string(a.Kind), Phase: "intent", Fields: actionFields(a)}
		steps[i] = state.Step{Run: r.id, Seq: a.Seq, Action: a}
	}
	if err := r.audit.Append(ctx, intents...); err != nil {
		return err
	}
	steps, err = r.ledger.Intend(ctx, r.id, steps)
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	outcomes := r.callWhole(ctx, batch)
	// A call that took all of its time must not keep its outcome from the journal.
	record, stop := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer stop()
	return r.settle(record, steps, outcomes)
}

// callWhole makes the calls of a batch. Whatever is cancelled, they are
// finished, and recorded after that. Only an export ends at a cancel: it changes
// nothing, may take hours, and the next run goes on with it.
func (r *run) callWhole(ctx context.Context, batch []reconcile.Action) []outcome {
	if batch[0].Kind == reconcile.ActExport {
		return []outcome{r.export(ctx, batch[0])}
	}
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.Server.DeleteTimeout.Std()+time.Minute)
	defer cancel()
	return r.call(whole, batch)
}

// outcome is what came of one action.
type outcome struct {
	err error
	// notes are worth a record: what could not be cut.
	notes []string
	// kept says why the action was not carried through although nothing failed.
	kept string
	// told is worth a word in the report.
	told string
	// code is that of the hold which tells of it from now on.
	code string
	// fields are more for the audit record.
	fields map[string]any
	// mend changes the row that the ledger records.
	mend func(*reconcile.Principal)
}

func (r *run) call(ctx context.Context, batch []reconcile.Action) []outcome {
	switch wayOf(batch[0]) {
	case wayIdentity:
		return r.writeIdentities(ctx, batch)
	case wayDestroy:
		return r.destroy(ctx, batch)
	case wayLedger:
		return make([]outcome, len(batch))
	case waySingle:
	}
	out := make([]outcome, len(batch))
	for i, a := range batch {
		out[i] = r.single(ctx, a)
	}
	return out
}

// settle records the outcomes in journal, ledger and audit log.
func (r *run) settle(ctx context.Context, steps []state.Step, outcomes []outcome) error {
	for i, step := range steps {
		a, o := step.Action, outcomes[i]
		if o.err != nil && uncertain(o.err) {
			o = r.findOut(ctx, a, o)
		}
		if o.err != nil && uncertain(o.err) {
			r.note(a, o) // stays open in the journal; the next run finds out
			continue
		}
		result := reconcile.StepOutcomeOf(o.err == nil && o.kept == "", o.kept != "")
		settlement := state.Settlement{Step: step.ID, Outcome: state.StepOutcome(result), Error: textOf(o)}
		changes, err := r.halfDone(ctx, a, o)
		if err != nil {
			return err
		}
		fields := outcomeFields(a, o)
		if o.err == nil && o.kept == "" {
			effect := mended(r.plan.Effects[a.Seq], o)
			if access := accessCut(a, effect); access != "" {
				fields["access_before"] = access
			}
			changes = r.changes(effect)
		}
		if changes.Meta, err = r.debts(a, o.err == nil && o.kept == "", o.kept != ""); err != nil {
			return err
		}
		if o.code != "" {
			if err := r.keepTwin(ctx, a, o, changes.Meta); err != nil {
				return err
			}
		}
		// The audit log first: whoever dies in between leaves the step open, and the
		// next run records that it was done; never the other way round.
		if err := r.tell(ctx, string(a.Kind), result, fields); err != nil {
			return err
		}
		if err := r.ledger.Settle(ctx, []state.Settlement{settlement}, changes); err != nil {
			return fmt.Errorf("record the outcome: %w", err)
		}
		r.note(a, o)
	}
	return nil
}

// halfDone looks at an account whose action failed and that may stand under its
// temporary name, so that the ledger knows where it is and the next run goes on
// from there.
func (r *run) halfDone(ctx context.Context, a reconcile.Action, o outcome) (state.Changes, error) {
	if o.err == nil || a.Via == "" {
		return state.Changes{}, nil
	}
	now, err := r.look(ctx, a.Account)
	if err != nil {
		r.log.Warn("an account may stand under its temporary name", zap.String("account", string(a.Account)), zap.Error(err))
		return state.Changes{}, nil
	}
	found := reconcile.AskDone(a, now, r.rules)
	if found != reconcile.FoundStranded {
		return state.Changes{}, nil
	}
	effect, err := r.recoveredEffect(ctx, a, found, now)
	return r.changes(effect), err
}

// note keeps the result for the report and the log.
func (r *run) note(a reconcile.Action, o outcome) {
	result := reconcile.Result{Seq: a.Seq, Outcome: reconcile.OutcomeDone}
	switch {
	case o.err != nil:
		result = reconcile.Result{Seq: a.Seq, Outcome: reconcile.OutcomeFailed, Error: o.err.Error(), Hint: stalwart.HintOf(o.err)}
		if stalwart.Stopped(o.err) && r.stopped == nil {
			r.stopped = o.err
		}
	case o.kept != "":
		result = reconcile.Result{Seq: a.Seq, Outcome: reconcile.OutcomeSkipped, Error: o.kept}
	default:
		words := o.notes
		if o.told != "" {
			words = append([]string{o.told}, o.notes...)
		}
		result.Hint = strings.Join(words, "; ")
	}
	r.results[a.Seq] = result
	r.logAction(a, result)
}

func uncertain(err error) bool {
	var u *stalwart.UncertainError
	return errors.As(err, &u)
}

// findOut asks the server whether an action whose answer was lost was done.
func (r *run) findOut(ctx context.Context, a reconcile.Action, o outcome) outcome {
	now, err := r.look(ctx, a.Account)
	if err != nil {
		return o
	}
	switch reconcile.AskDone(a, now, r.rules) {
	case reconcile.FoundDone:
		return outcome{}
	case reconcile.FoundNotDone:
		var u *stalwart.UncertainError
		errors.As(o.err, &u)
		return outcome{err: fmt.Errorf("the server did not do it: %w", u.Cause)}
	case reconcile.FoundStranded, reconcile.FoundUnclear:
	}
	return o
}

// look reads one account; nil if it does not exist.
func (r *run) look(ctx context.Context, id reconcile.AccountID) (*reconcile.Account, error) {
	if err := r.expect(ctx, []reconcile.AccountID{id}); err != nil {
		return nil, err
	}
	found, gone, err := r.server.Get(ctx, []reconcile.AccountID{id})
	switch {
	case err != nil:
		return nil, err
	case len(found) == 1:
		return &found[0], nil
	case len(gone) == 1:
		return nil, nil //nolint:nilnil // absent is an answer here
	}
	return nil, fmt.Errorf("account %s: neither found nor gone", id)
}

func mended(e reconcile.Effect, o outcome) reconcile.Effect {
	if o.mend == nil || len(e.Principals) == 0 {
		return e
	}
	p := e.Principals[0]
	o.mend(&p)
	return reconcile.Effect{Principals: append([]reconcile.Principal{p}, e.Principals[1:]...), Tombstones: e.Tombstones}
}

func textOf(o outcome) string {
	if o.err != nil {
		return o.err.Error()
	}
	return o.kept
}

func actionFields(a reconcile.Action) map[string]any {
	f := map[string]any{
		"source": a.Source, "stable_id": string(a.StableID), "account": string(a.Account),
		"from": a.From, "to": a.To, "reason": a.Reason, "seq_in_plan": a.Seq,
	}
	if a.Approval != 0 {
		f["approval"] = a.Approval
	}
	if a.Via != "" {
		f["via"] = a.Via
	}
	for key, value := range map[string]string{
		"old_source": a.OldSource, "old_stable_id": string(a.OldID), "old_account": string(a.OldAccount), "held_entry": a.HeldEntry,
	} {
		if value != "" {
			f[key] = value
		}
	}
	if len(a.Addresses.From) > 0 || len(a.Addresses.To) > 0 {
		f["addresses_from"], f["addresses_to"] = a.Addresses.From, a.Addresses.To
	}
	if a.Before != nil && !a.Before.Created.IsZero() {
		f["account_created"] = a.Before.Created.UTC().Format(time.RFC3339Nano)
	}
	return f
}

// accessCut is what an action that cut access will have to be undone with, for
// the audit log: a lost ledger does not know it any more.
func accessCut(a reconcile.Action, e reconcile.Effect) string {
	cut := a.Kind == reconcile.ActPark || a.Kind == reconcile.ActSuspend
	if !cut || len(e.Principals) == 0 || e.Principals[0].Before == nil {
		return ""
	}
	return e.Principals[0].Before.Access
}

func outcomeFields(a reconcile.Action, o outcome) map[string]any {
	f := actionFields(a)
	maps.Copy(f, o.fields)
	if text := textOf(o); text != "" {
		f["error"] = text
	}
	if len(o.notes) > 0 {
		f["not_cut"] = o.notes
	}
	return f
}
