package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
	"syncagent/internal/state"
)

// What a finished step leaves to do is remembered in the transaction that
// records the step, so that a run which is cut short owes it to the next one:
// the purge after a deletion (metaPurge), the look into a twin that was moved
// aside, and the end of cached logins after identities passed on.
const (
	metaTwins  = "twins_aside"
	metaLogins = "logins_due"
)

// owedTwin keeps what an action does not encode by itself.
type owedTwin struct {
	Action reconcile.Action   `json:"action"`
	Before *reconcile.Account `json:"before"`
}

// debts gives what the ledger notes together with the end of an action: done,
// or kept back without a failure.
func (r *run) debts(a reconcile.Action, done, kept bool) (map[string]string, error) {
	meta := map[string]string{}
	twins := false
	switch {
	case !done && !kept:
		return nil, nil //nolint:nilnil // nothing to note
	case a.Kind == reconcile.ActDestroyTwin:
		_, twins = r.twins[a.Account]
		delete(r.twins, a.Account)
	case done:
		var twin reconcile.Action
		twin, twins = reconcile.DestroyAside(a, r.mergeTwins(a.Source))
		switch {
		case twins && abilities(r.report.Info).Look:
			r.twins[a.Account] = twin
		case twins:
			if err := r.keepUnseen(twin, meta); err != nil {
				return nil, err
			}
		}
	}
	if done && (a.Kind == reconcile.ActDelete || a.Kind == reconcile.ActDestroyTwin) {
		meta[metaPurge] = r.id
	}
	if done && (a.Kind == reconcile.ActPark || a.Kind == reconcile.ActSuspend || a.Kind == reconcile.ActDestroyTwin || a.Group != 0) && r.report.Info.Can.InvalidateCaches {
		r.moved, meta[metaLogins] = true, r.id
	}
	if !twins {
		return meta, nil
	}
	text, err := r.twinsText()
	meta[metaTwins] = text
	return meta, err
}

// twinsText is the list of twins as the ledger keeps it; empty if there are
// none.
func (r *run) twinsText() (string, error) {
	if len(r.twins) == 0 {
		return "", nil
	}
	var list []owedTwin
	for _, id := range slices.SortedFunc(maps.Keys(r.twins), reconcile.CompareAccountIDs) {
		list = append(list, owedTwin{Action: r.twins[id], Before: r.twins[id].Before})
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("remember the twins that are aside: %w", err)
	}
	return string(text), nil
}

// readDebts reads what an interrupted run owes; a dry run only counts it.
func (r *run) readDebts(ctx context.Context, openSteps int) error {
	if err := r.readKeptTwins(ctx); err != nil {
		return err
	}
	r.twins = map[reconcile.AccountID]reconcile.Action{}
	text, _, err := r.ledger.Meta(ctx, metaTwins)
	if err != nil {
		return fmt.Errorf("look for twins that are aside: %w", err)
	}
	if text != "" {
		var list []owedTwin
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return fmt.Errorf("read the twins that are aside: %w", err)
		}
		for _, twin := range list {
			twin.Action.Before = twin.Before
			r.twins[twin.Action.Account] = twin.Action
		}
	}
	_, logins, err := r.ledger.Meta(ctx, metaLogins)
	if err != nil {
		return fmt.Errorf("look for cached logins to end: %w", err)
	}
	_, purge, err := r.ledger.Meta(ctx, metaPurge)
	if err != nil {
		return fmt.Errorf("look for an owed purge: %w", err)
	}
	r.moved = logins
	if !r.opts.DryRun {
		return nil
	}
	r.report.Owed = openSteps + len(r.twins)
	if logins && r.report.Info.Can.InvalidateCaches {
		r.report.Owed++
	}
	if purge && r.cfg.Policy.Purge.Mode == config.PurgeAfterDeletes && r.report.Info.Can.Purge {
		r.report.Owed++
	}
	return nil
}

// finishTwins looks into the twins that an interrupted run moved aside.
func (r *run) finishTwins(ctx context.Context) error {
	for _, id := range slices.SortedFunc(maps.Keys(r.twins), reconcile.CompareAccountIDs) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.carryOut(ctx, []reconcile.Action{r.twins[id]}); err != nil {
			return err
		}
		result := r.results[0] // it has no place in the plan of this run
		delete(r.results, 0)
		r.report.Result.Recovered = append(r.report.Result.Recovered, result)
		if r.stopped != nil {
			return &ServerError{r.stopped}
		}
		if result.Outcome == reconcile.OutcomeDropped { // it is not what was moved aside any more
			delete(r.twins, id)
			text, err := r.twinsText()
			if err != nil {
				return err
			}
			if _, err := r.ledger.Record(ctx, state.Changes{Meta: map[string]string{metaTwins: text}}); err != nil {
				return fmt.Errorf("forget a twin: %w", err)
			}
		}
	}
	return nil
}

// endLogins makes the server forget cached logins once, if identities passed
// from one account to another.
func (r *run) endLogins(ctx context.Context) error {
	if !r.moved || !r.report.Info.Can.InvalidateCaches {
		return nil
	}
	if err := r.server.InvalidateCaches(ctx); err != nil {
		r.log.Warn("cached logins could not be ended; the next run tries again", errField(err))
		if stalwart.Stopped(err) {
			return &ServerError{err}
		}
		return nil
	}
	r.moved = false
	if _, err := r.ledger.Record(context.WithoutCancel(ctx), state.Changes{Meta: map[string]string{metaLogins: ""}}); err != nil {
		return fmt.Errorf("record the end of cached logins: %w", err)
	}
	return nil
}
