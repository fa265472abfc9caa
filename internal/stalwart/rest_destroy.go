package stalwart

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"syncagent/internal/reconcile"
)

// Destroy deletes accounts one after the other, each after a look whether its
// name still leads to that ID and to an ordinary user. A DELETE runs as long as
// the server needs, minutes for a large account, and a closed connection can
// leave it half done: it has its own time-out and no cancel of ours ends it. The
// errors stand in the order of ids, nil for deleted; types as in WriteIdentities.
func (s *restServer) Destroy(ctx context.Context, ids []reconcile.AccountID) ([]error, error) {
	results := make([]error, len(ids))
	err := checkNumbers(ids)
	switch {
	case err != nil:
	case s.info.Self != "" && slices.Contains(ids, s.info.Self):
		err = &OwnAccountError{}
	case !s.possible("delete"):
		err = s.unsupported("be trusted with a delete: it may give one ID twice", "upgrade to 0.12.2 or later")
	case !s.info.Can.Delete:
		err = &ForbiddenError{Permission: "individual-delete"}
	}
	if err != nil {
		return notSent(results, 0, err), fmt.Errorf("destroy accounts: %w", err)
	}
	for i, id := range ids {
		if err := ctx.Err(); err != nil {
			notSent(results, i, err)
			return results, fmt.Errorf("destroy accounts: %w", err)
		}
		if results[i] = s.destroyOne(ctx, id); endsBatch(results[i]) {
			notSent(results, i+1, results[i])
			return results, fmt.Errorf("destroy accounts: %w", results[i])
		}
	}
	return results, nil
}

func (s *restServer) destroyOne(ctx context.Context, id reconcile.AccountID) error {
	p, err := s.locate(ctx, id)
	if err != nil {
		return err
	}
	r, err := s.on("DELETE", p.Name, "individual-delete")
	if err != nil {
		return err
	}
	r.timeout = s.deleteTimeout
	s.prove(id, false) // whatever comes of it: JMAP is not asked about this ID before it was looked up again
	safe, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.deleteTimeout+s.http.timeout)
	defer cancel()
	body, err := s.send(safe, r, p.Name)
	if errors.Is(err, errNoAccount) {
		return &NotFoundError{Account: id}
	}
	if err == nil {
		if bad := data(body, nil); bad != nil {
			err = &UncertainError{Cause: bad}
		}
	}
	if u := asCertain(err); u != nil {
		return s.afterCut(safe, id, p.Name, u)
	}
	if err == nil {
		s.remember(id, "")
	}
	return err
}

// afterCut looks what became of a DELETE whose answer is not known. Before 0.15
// the row goes last, so that all is gone if it is; since 0.15 it goes first, and
// the data may be left: AwaitDestroyed says so.
func (s *restServer) afterCut(ctx context.Context, id reconcile.AccountID, name string, cause *UncertainError) error {
	p, err := s.lookup(ctx, name)
	switch {
	case err == nil && decimalID(*p.ID) != id:
		// The directory made a new account of the name at once.
	case !errors.Is(err, errNoAccount):
		return cause
	}
	s.remember(id, "")
	s.mu.Lock()
	s.cut[id] = !s.version.before(15, 0)
	s.mu.Unlock()
	return nil
}

// AwaitDestroyed tells whether accounts are gone; the server deletes within the
// request, so that there is nothing to wait for. DestroyFailed is told for an
// account whose row is gone while its data may be left. JMAP is not asked: it
// answers for IDs that do not exist.
func (s *restServer) AwaitDestroyed(ctx context.Context, ids []reconcile.AccountID) (
	map[reconcile.AccountID]Destruction, error,
) {
	states := make(map[reconcile.AccountID]Destruction, len(ids))
	if len(ids) == 0 {
		return states, nil
	}
	_, gone, err := s.Get(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("await the removal of accounts: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		switch {
		case !slices.Contains(gone, id):
			states[id] = Destruction{State: DestroyNot}
		case s.cut[id]:
			states[id] = Destruction{
				State:  DestroyFailed,
				Reason: "the connection was cut during the delete: the account is gone, but its data may be left on the server",
			}
		default:
			states[id] = Destruction{State: DestroyDone}
		}
	}
	return states, nil
}
