package agent

import (
	"reflect"

	"syncagent/internal/reconcile"
)

// restrict leaves out every action that does not stand in the plan that is
// applied. What stands there and is not planned now is reported as dropped.
func (r *run) restrict() error {
	r.left = map[int]bool{}
	if r.opts.Only == nil {
		return nil
	}
	saved := r.opts.Only
	if r.opts.Exact && saved.Hash != r.plan.Plan.Hash {
		return &ExactError{Saved: saved.Hash, Now: r.plan.Plan.Hash}
	}
	planned := map[reconcile.ApprovedItem]reconcile.Action{}
	for _, a := range saved.Actions {
		planned[reconcile.ItemOf(a)] = a
	}
	for _, a := range r.plan.Plan.Actions {
		old, ok := planned[reconcile.ItemOf(a)]
		if !ok || !reflect.DeepEqual(old.Addresses, a.Addresses) || old.Via != a.Via {
			r.left[a.Seq] = true
			r.results[a.Seq] = reconcile.Result{Seq: a.Seq, Outcome: reconcile.OutcomeSkipped, Error: "not in the plan that is applied"}
			continue
		}
		delete(planned, reconcile.ItemOf(a))
	}
	for range planned {
		r.report.Dropped++
	}
	return nil
}
