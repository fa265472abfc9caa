package stalwart

import (
	"context"
	"fmt"
	"time"

	"syncagent/internal/reconcile"
)

// DestroyState tells how far the removal of an account's data is.
type DestroyState string

// The states.
const (
	// DestroyDone: the account and its data are gone; blobs wait for the purge.
	DestroyDone DestroyState = "done"
	// DestroyPending: the server had not finished when the time was up.
	DestroyPending DestroyState = "pending"
	// DestroyArchiving: the server keeps the data until Due, because an archive of
	// deleted accounts is configured (enterprise edition).
	DestroyArchiving DestroyState = "archiving"
	// DestroyFailed: the server gave up; Reason says why.
	DestroyFailed DestroyState = "failed"
	// DestroyNot: the account still exists.
	DestroyNot DestroyState = "exists"
)

// Destruction is the state of one account.
type Destruction struct {
	State  DestroyState
	Due    time.Time
	Reason string
}

// archiveAfter tells archiving from a task that only waits for its turn.
const archiveAfter = time.Hour

// AwaitDestroyed waits until the server has removed the data of destroyed
// accounts, at most until the context's deadline or Options.DeleteTimeout. It
// gives a state for each ID; when the time is up the open ones are
// DestroyPending, without an error. It changes nothing and may be repeated.
func (s *jmapServer) AwaitDestroyed(ctx context.Context, ids []reconcile.AccountID) (
	map[reconcile.AccountID]Destruction, error,
) {
	if err := checkIDs(ids); err != nil {
		return nil, fmt.Errorf("await the removal of accounts: %w", err)
	}
	states := make(map[reconcile.AccountID]Destruction, len(ids))
	for _, id := range ids {
		states[id] = Destruction{State: DestroyPending}
	}
	if len(ids) == 0 {
		return states, nil
	}
	_, err := s.watch(ctx, func(ctx context.Context) (bool, error) {
		now, err := s.destructions(ctx, ids)
		if err != nil {
			return false, err
		}
		states = now
		for _, d := range now {
			if d.State == DestroyPending {
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		return states, fmt.Errorf("await the removal of accounts: %w", err)
	}
	return states, nil
}

// destructions looks once. An account is done if it is gone and no task of it
// is left: the task is there from the answer to the destroy on.
func (s *jmapServer) destructions(ctx context.Context, ids []reconcile.AccountID) (
	map[reconcile.AccountID]Destruction, error,
) {
	records, err := s.getAccounts(ctx, ids)
	if err != nil {
		return nil, err
	}
	list, _, err := s.tasks(ctx, "DestroyAccount")
	if err != nil {
		return nil, err
	}
	states := make(map[reconcile.AccountID]Destruction, len(ids))
	for _, id := range ids {
		states[id] = Destruction{State: DestroyDone}
		if _, there := records[string(id)]; there {
			states[id] = Destruction{State: DestroyNot}
		}
	}
	for _, t := range list {
		if d, ok := states[t.AccountID]; ok && d.State == DestroyDone {
			states[t.AccountID] = s.destruction(t)
		}
	}
	return states, nil
}

func (s *jmapServer) destruction(t task) Destruction {
	due := t.Status.Due
	if due.IsZero() {
		due = t.Due
	}
	switch {
	case t.failed():
		return Destruction{State: DestroyFailed, Reason: s.http.creds.redact(t.Status.FailureReason)}
	case t.Status.Type == "Pending" && !t.Status.CreatedAt.IsZero() && due.Sub(t.Status.CreatedAt) > archiveAfter:
		return Destruction{State: DestroyArchiving, Due: due}
	}
	return Destruction{State: DestroyPending, Due: due}
}
