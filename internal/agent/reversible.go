package agent

import (
	"context"
	"errors"
	"fmt"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
)

// notReversible asks the server, for every account that shall be suspended,
// whether the undo is proven to be possible, and notes where it is not. It
// tells whether there was such an account: then the plan is decided anew.
func (r *run) notReversible(ctx context.Context, actions []reconcile.Action) (bool, error) {
	r.facts.NotReversible = map[reconcile.AccountID]string{}
	for _, a := range actions {
		if a.Kind != reconcile.ActSuspend {
			continue
		}
		err := r.server.CanSuspend(ctx, a.Account)
		var forbidden *stalwart.ForbiddenError
		switch {
		case err == nil:
		case errors.As(err, &forbidden) && !stalwart.Stopped(err):
			r.facts.NotReversible[a.Account] = "the suspension could not be undone: " + forbidden.Error()
		default:
			return false, &ServerError{fmt.Errorf("ask whether account %s can be suspended: %w", a.Account, err)}
		}
	}
	return len(r.facts.NotReversible) > 0, nil
}
