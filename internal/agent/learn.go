package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// runsKept is how long runs and their steps are remembered; the audit log keeps
// them for ever.
const runsKept = 400 * 24 * time.Hour

// planLife is how long the plan of a blocked run can be approved.
const planLife = 7 * 24 * time.Hour

// learn writes down what the snapshot taught, whatever becomes of the actions.
func (r *run) learn(ctx context.Context) error {
	if err := r.tellDetected(ctx); err != nil {
		return err
	}
	changes := r.changes(r.plan.Record)
	changes.Sources = r.plan.Sources
	changes.Meta = map[string]string{metaServer: r.report.Info.Fingerprint, metaGeneration: r.report.Info.Generation, metaRules: rulesDigest(r.rules), metaDiff: r.diffDigest()}
	changes.DeleteTombstonesBefore = r.started.Add(-r.tombstones())
	changes.DeleteGoneBefore = changes.DeleteTombstonesBefore
	changes.DeleteRunsBefore = r.started.Add(-runsKept)
	if _, err := r.ledger.Record(ctx, changes); err != nil {
		return fmt.Errorf("record what was seen: %w", err)
	}
	return r.keepBlocked(ctx)
}

// keepBlocked keeps a plan that a guard blocked, to be approved.
func (r *run) keepBlocked(ctx context.Context) error {
	if len(r.plan.Blocked) == 0 {
		return nil
	}
	_, err := r.ledger.Plan(ctx, r.plan.Plan.Hash)
	known := err == nil
	saved := blockedPlan{RunResult: r.report.Result, Blocked: r.plan.Blocked}
	if err := r.ledger.SavePlan(ctx, r.plan.Plan.Hash, saved, r.started, r.started.Add(planLife)); err != nil {
		return fmt.Errorf("keep the blocked plan: %w", err)
	}
	if known || !r.plan.Plan.Verdict.Blocked {
		return nil // told when it was new
	}
	return r.tell(ctx, "blocked", "", map[string]any{"plan": r.plan.Plan.Hash, "items": len(r.plan.Blocked)})
}

// blockedPlan is what the ledger keeps of a blocked run: the plan, and the
// items that an approval of it covers.
type blockedPlan struct {
	reconcile.RunResult
	Blocked []reconcile.ApprovedItem `json:"blocked_items"`
}

// BlockedItems reads the items that an approval covers out of a saved plan.
func BlockedItems(saved json.RawMessage) ([]reconcile.ApprovedItem, error) {
	var plan blockedPlan
	if err := json.Unmarshal(saved, &plan); err != nil {
		return nil, fmt.Errorf("read the saved plan: %w", err)
	}
	return plan.Blocked, nil
}

func (r *run) tombstones() time.Duration {
	longest := time.Duration(0)
	for _, c := range r.cfg.Sources {
		longest = max(longest, c.Policy.Tombstones.Std())
	}
	return longest
}

// changes prepares what one transaction writes.
func (r *run) changes(e reconcile.Effect) state.Changes {
	return state.Changes{
		Principals: e.Principals, Tombstones: e.Tombstones,
		KeysOf: func(p reconcile.Principal) []reconcile.Hash { return principalKeys(r.rules, p) },
	}
}

func principalKeys(rules reconcile.NameRules, p reconcile.Principal) []reconcile.Hash {
	var keys []reconcile.Hash
	add := func(name string) {
		if name != "" {
			keys = append(keys, rules.Hash(name))
		}
	}
	add(p.Name)
	add(p.Link.Name)
	for _, also := range p.Also {
		add(also.Name)
	}
	return keys
}
