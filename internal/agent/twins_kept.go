package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// metaTwinsKept remembers the twins that stay aside, so that every run tells of
// them until a person has cleared them away.
const metaTwinsKept = "twins_kept"

// readKeptTwins reads the twins that earlier runs left aside.
func (r *run) readKeptTwins(ctx context.Context) error {
	r.twinsKept = map[reconcile.AccountID]reconcile.Hold{}
	text, _, err := r.ledger.Meta(ctx, metaTwinsKept)
	if err != nil || text == "" {
		return err
	}
	var list []reconcile.Hold
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return fmt.Errorf("read the twins that were kept aside: %w", err)
	}
	for _, hold := range list {
		r.twinsKept[hold.Account] = hold
	}
	return nil
}

// keepTwin notes a twin that stays aside, for this report and the next ones.
func (r *run) keepTwin(a reconcile.Action, o outcome, meta map[string]string) error {
	hold := reconcile.NewHold(o.code, reconcile.PrincipalRef{Source: a.Source, ID: a.StableID}, a.Account, a.From, o.kept)
	r.twinsKept[a.Account] = hold
	reconcile.AddHold(&r.report.Result.Plan, hold)
	text, err := r.keptText()
	meta[metaTwinsKept] = text
	return err
}

func (r *run) keptText() (string, error) {
	if len(r.twinsKept) == 0 {
		return "", nil
	}
	var list []reconcile.Hold
	for _, id := range slices.SortedFunc(maps.Keys(r.twinsKept), reconcile.CompareAccountIDs) {
		list = append(list, r.twinsKept[id])
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("remember the twins that are kept aside: %w", err)
	}
	return string(text), nil
}

// tellKeptTwins adds the twins that are still aside to the plan's holds. One
// that is gone or has another name is forgotten.
func (r *run) tellKeptTwins(ctx context.Context) error {
	if len(r.twinsKept) == 0 {
		return nil
	}
	ids := slices.SortedFunc(maps.Keys(r.twinsKept), reconcile.CompareAccountIDs)
	found, _, err := r.server.Get(ctx, ids)
	if err != nil {
		return &ServerError{fmt.Errorf("look at the twins that are aside: %w", err)}
	}
	names := map[reconcile.AccountID]string{}
	for _, a := range found {
		names[a.ID] = a.Name
	}
	for _, id := range ids {
		hold := r.twinsKept[id]
		if r.rules.Key(names[id]) == r.rules.Key(hold.Name) {
			reconcile.AddHold(&r.plan.Plan, hold)
		} else {
			delete(r.twinsKept, id)
		}
	}
	if r.opts.DryRun || len(r.twinsKept) == len(ids) {
		return nil
	}
	text, err := r.keptText()
	if err != nil {
		return err
	}
	if _, err := r.ledger.Record(ctx, state.Changes{Meta: map[string]string{metaTwinsKept: text}}); err != nil {
		return fmt.Errorf("forget a twin that is gone: %w", err)
	}
	return nil
}
