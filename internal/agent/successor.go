package agent

import (
	"context"
	"fmt"

	"syncagent/internal/reconcile"
)

// successors looks in the whole ledger for people who are the same person as
// one who is to be removed. It reads every row, so it is only made where
// map.same_person is configured and somebody is due.
func (r *run) successors(ctx context.Context, answers map[reconcile.PrincipalRef]reconcile.Recheck) error {
	attributes := map[string][]string{}
	for _, s := range r.facts.Sources {
		attributes[s.Source] = s.Policy.SamePerson
	}
	var left []reconcile.Principal
	for _, p := range r.facts.Principals {
		if _, due := answers[p.Ref()]; due && len(attributes[p.Source]) > 0 {
			left = append(left, p)
		}
	}
	for _, name := range r.order {
		if len(left) == 0 || len(attributes[name]) == 0 {
			continue
		}
		err := r.ledger.EachPrincipal(ctx, name, func(other reconcile.Principal) error {
			for _, p := range left {
				if reconcile.Succeeds(p, other, func(source string) []string { return attributes[source] }) {
					answer := answers[p.Ref()]
					answer.Successor = other.Ref()
					answers[p.Ref()] = answer
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return fmt.Errorf("look for people under a new ID: %w", err)
		}
	}
	return nil
}
