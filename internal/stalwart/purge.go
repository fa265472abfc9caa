package stalwart

import (
	"context"
	"fmt"
	"sync"

	"syncagent/internal/reconcile"
)

// States of a reconcile.PurgeResult.
const (
	purgeDone      = "done"
	purgeRequested = "requested"
	purgeSkipped   = "skipped"
	purgeFailed    = "failed"
	purgeTimeout   = "timeout"
)

// purgeState remembers the failed tasks that were there before the purge: they
// stay for ever and say nothing about this one.
type purgeState struct {
	mu     sync.Mutex
	failed map[string]bool
}

// Purge asks the server to remove the blobs that nothing refers to any more.
// The state is "requested", or "skipped" while an earlier one is still queued:
// a second one would only do the work again. Call it when AwaitDestroyed has
// seen the deletions finished, else their blobs are still referred to. Errors:
// ForbiddenError and those of requests; after an UncertainError nothing is lost,
// the server purges every night anyway.
func (s *jmapServer) Purge(ctx context.Context) (reconcile.PurgeResult, error) {
	queued, failed, err := s.purgeTasks(ctx)
	if err != nil {
		return reconcile.PurgeResult{State: purgeFailed}, fmt.Errorf("purge blobs: %w", err)
	}
	s.purge.mu.Lock()
	s.purge.failed = map[string]bool{}
	for _, t := range failed {
		s.purge.failed[t.ID] = true
	}
	s.purge.mu.Unlock()
	if queued > 0 {
		return reconcile.PurgeResult{State: purgeSkipped, Message: "a purge is already queued on the mail server"}, nil
	}
	answers, err := s.do(ctx, true, call{"x:Task/set", args{"create": args{
		"p": args{"@type": "StoreMaintenance", "maintenanceType": "purgeBlob"},
	}}})
	if err == nil {
		err = s.creation(answers[0], "p", "sysTaskCreate", "taskStoreMaintenance")
	}
	if err != nil {
		return reconcile.PurgeResult{State: purgeFailed}, fmt.Errorf("purge blobs: %w", err)
	}
	return reconcile.PurgeResult{State: purgeRequested}, nil
}

// AwaitPurge waits until no purge is queued or running, at most until the
// context's deadline or Options.DeleteTimeout. A purge becomes 256 tasks, one
// for each shard of the store, without a gap between them (measured). The state
// is "done", "failed" (a shard failed since Purge was called) or "timeout".
func (s *jmapServer) AwaitPurge(ctx context.Context) (reconcile.PurgeResult, error) {
	var broken []task
	left := 0
	done, err := s.watch(ctx, func(ctx context.Context) (bool, error) {
		queued, failed, err := s.purgeTasks(ctx)
		if err != nil {
			return false, err
		}
		left, broken = queued, s.newlyFailed(failed)
		return queued == 0, nil
	})
	switch {
	case err != nil:
		return reconcile.PurgeResult{State: purgeFailed}, fmt.Errorf("await the purge of blobs: %w", err)
	case !done:
		return reconcile.PurgeResult{State: purgeTimeout, Message: fmt.Sprintf("%d parts are still queued", left)}, nil
	case len(broken) > 0:
		reason := s.http.creds.redact(broken[0].Status.FailureReason)
		return reconcile.PurgeResult{State: purgeFailed, Message: fmt.Sprintf("%d parts failed: %s", len(broken), reason)}, nil
	}
	return reconcile.PurgeResult{State: purgeDone}, nil
}

// purgeTasks counts what is queued and lists what failed.
func (s *jmapServer) purgeTasks(ctx context.Context) (queued int, failed []task, err error) {
	var list []task
	ended := true
	for range 3 {
		if list, ended, err = s.tasks(ctx, "StoreMaintenance"); err != nil {
			return 0, nil, err
		}
		if !ended {
			break
		}
	}
	for _, t := range list {
		switch {
		case t.MaintenanceType != "purgeBlob":
		case t.failed():
			failed = append(failed, t)
		default:
			queued++
		}
	}
	if ended && queued == 0 {
		queued = 1 // what ended just now may have queued its shards
	}
	return queued, failed, nil
}

func (s *jmapServer) newlyFailed(failed []task) []task {
	s.purge.mu.Lock()
	defer s.purge.mu.Unlock()
	var fresh []task
	for _, t := range failed {
		if !s.purge.failed[t.ID] {
			fresh = append(fresh, t)
		}
	}
	return fresh
}
