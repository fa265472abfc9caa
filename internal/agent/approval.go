package agent

import (
	"slices"
	"time"

	"syncagent/internal/reconcile"
)

// PlanLife is how long a plan can be approved or applied after it was made.
const PlanLife = planLife

// PlanItems gives what an approval of a plan covers: every action of the
// stages that a guard blocks and a person may let pass, and the absences that a
// guard keeps from counting. It is for plans from a file; a blocked run keeps
// its own list in the ledger (BlockedItems).
func PlanItems(plan reconcile.Plan) []reconcile.ApprovedItem {
	type part struct {
		source string
		stage  reconcile.Stage
	}
	blocked := map[part]bool{}
	for _, r := range plan.Verdict.Reasons {
		if r.Approvable {
			blocked[part{r.Source, r.Stage}] = true
		}
	}
	var items []reconcile.ApprovedItem
	for _, a := range plan.Actions {
		if blocked[part{a.Source, a.Stage}] {
			items = append(items, reconcile.ItemOf(a))
		}
	}
	for _, m := range plan.Unconfirmed {
		items = append(items, reconcile.ApprovedItem{
			Kind: reconcile.ItemMiss, Source: m.Source, StableID: m.StableID, Account: m.Account, From: m.Name,
		})
		if m.DeleteAfter != "" {
			items = append(items, reconcile.ApprovedItem{
				Kind: reconcile.ItemLater, Source: m.Source, StableID: m.StableID, Account: m.Account, From: m.Name, To: m.DeleteAfter,
			})
		}
	}
	for _, s := range plan.Sources {
		for _, b := range s.Older {
			items = append(items, b.Item(s.Name))
		}
	}
	for _, h := range plan.Holds {
		if h.Code == reconcile.HoldMixed {
			items = append(items, reconcile.ApprovedItem{
				Kind: reconcile.ItemMixed, Source: h.Source, StableID: h.StableID, Account: h.Account, From: h.Name,
			})
		}
	}
	reconcile.SortItems(items)
	return items
}

// LaterDeletes counts the deletes after the grace among the items of an
// approval that is given now, and tells the first day on which one may be done.
func LaterDeletes(items []reconcile.ApprovedItem, now time.Time) (n int, from time.Time) {
	for _, it := range items {
		left, err := time.ParseDuration(it.To)
		if it.Kind != reconcile.ItemLater || err != nil {
			continue
		}
		if at := now.Add(left); n == 0 || at.Before(from) {
			from = at
		}
		n++
	}
	return n, from
}

// AbsencesOnly leaves the deletes after the grace out of what is approved.
func AbsencesOnly(items []reconcile.ApprovedItem) []reconcile.ApprovedItem {
	return slices.DeleteFunc(slices.Clone(items), func(it reconcile.ApprovedItem) bool { return it.Kind == reconcile.ItemLater })
}
