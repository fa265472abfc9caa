package stalwart

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cenkalti/backoff/v5"

	"syncagent/internal/reconcile"
)

// Destroy destroys accounts by ID, at most 50 in a request. The caller has
// looked at each of them immediately before; the client itself refuses its own
// account, an ID twice, and anything that is no ID, before anything is sent.
// The errors stand in the order of ids, nil for destroyed: NotFoundError,
// LinkedError, ForbiddenError, ConflictError and RefusedError were not done,
// UncertainError is not known, NotSentError was not tried. The second error says
// why it stopped early. The data goes later, see AwaitDestroyed; the names are
// free at once.
func (s *jmapServer) Destroy(ctx context.Context, ids []reconcile.AccountID) ([]error, error) {
	results := make([]error, len(ids))
	err := checkIDs(ids)
	if err == nil && slices.Contains(ids, s.info.Self) {
		err = &OwnAccountError{}
	}
	if err == nil && !s.permissions["sysAccountDestroy"] {
		err = &ForbiddenError{Permission: "sysAccountDestroy"}
	}
	if err != nil {
		return notSent(results, 0, err), fmt.Errorf("destroy accounts: %w", err)
	}
	size := min(writeBatch, s.limits.maxObjectsInSet)
	for begin := 0; begin < len(ids); begin += size {
		end := min(begin+size, len(ids))
		if err := s.destroyBatch(ctx, ids[begin:end], results[begin:end]); err != nil {
			notSent(results, end, err)
			return results, fmt.Errorf("destroy accounts: %w", err)
		}
	}
	return results, nil
}

// destroyBatch sends one request, and again what is still there after a
// concurrent change. Its error stops all that would come after.
func (s *jmapServer) destroyBatch(ctx context.Context, ids []reconcile.AccountID, results []error) error {
	open := slices.Clone(ids)
	note := func(id reconcile.AccountID, err error) { results[slices.Index(ids, id)] = err }
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval = s.http.pause
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		answers, err := s.do(ctx, true, call{"x:Account/set", args{"destroy": open}})
		if err != nil {
			for _, id := range open {
				note(id, err)
			}
			open = nil
			return struct{}{}, backoff.Permanent(err)
		}
		if err = s.destroyOutcome(answers[0], open, note); !errors.Is(err, errUnavailable) {
			open = nil
			return struct{}{}, permanent(err)
		}
		records, readErr := s.getAccounts(ctx, open)
		if readErr != nil {
			for _, id := range open {
				note(id, &UncertainError{Cause: errUnavailable})
			}
			open = nil
			return struct{}{}, backoff.Permanent(fmt.Errorf("read accounts again after a concurrent change: %w", readErr))
		}
		// What is gone was destroyed before the one that conflicted.
		open = slices.DeleteFunc(open, func(id reconcile.AccountID) bool { _, there := records[string(id)]; return !there })
		if len(open) == 0 {
			return struct{}{}, nil
		}
		return struct{}{}, errUnavailable
	}, backoff.WithBackOff(policy), backoff.WithMaxTries(s.http.tries))
	for _, id := range open {
		note(id, &ConflictError{})
	}
	if errors.Is(err, errUnavailable) {
		return nil
	}
	return err
}

// destroyOutcome notes what became of each ID. Its error is about the call.
func (s *jmapServer) destroyOutcome(a answer, ids []reconcile.AccountID, note func(reconcile.AccountID, error)) error {
	var set setAnswer
	if err := s.decodeSet(a, "sysAccountDestroy", &set); err != nil {
		if errors.Is(err, errUnavailable) {
			return errUnavailable
		}
		for _, id := range ids {
			note(id, err)
		}
		return err
	}
	for _, id := range ids {
		done := slices.Contains(set.Destroyed, string(id))
		refusal, refused := set.NotDestroyed[string(id)]
		switch {
		case done && !refused:
			note(id, nil)
		case refused && !done:
			note(id, s.typed(refusal, id, "", "sysAccountDestroy"))
		default:
			note(id, &UncertainError{Cause: &MalformedError{Reason: fmt.Sprintf("the destroy of account %q is not answered", string(id))}})
		}
	}
	return nil
}
