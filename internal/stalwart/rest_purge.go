package stalwart

import (
	"context"
	"errors"
	"fmt"
	"time"

	"syncagent/internal/reconcile"
)

// Purge asks the server to remove the blobs that nothing refers to any more. Up
// to 0.8.0 the server does that within the request ("done"), later in the
// background without a word about the end ("requested"). The paths are fixed: the
// purges of accounts, which touch the living, cannot be asked for. A cut
// connection is no harm; the server purges on its own schedule, too.
func (s *restServer) Purge(ctx context.Context) (reconcile.PurgeResult, error) {
	if !s.info.Can.Purge {
		return reconcile.PurgeResult{State: purgeFailed}, fmt.Errorf("purge blobs: %w", &ForbiddenError{Permission: "purge-blob-store"})
	}
	err := errMissing
	result := reconcile.PurgeResult{State: purgeRequested}
	if !s.version.before(8, 1) {
		err = s.startPurge(ctx, "/store/purge/blob", 0)
	}
	if errors.Is(err, errMissing) && !s.version.since(8, 1) {
		result.State = purgeDone
		err = s.startPurge(ctx, "/store/maintenance", s.deleteTimeout)
	}
	if err != nil {
		return reconcile.PurgeResult{State: purgeFailed}, fmt.Errorf("purge blobs: %w", err)
	}
	if result.State == purgeRequested {
		result.Message = s.purgeMessage()
	}
	return result, nil
}

func (s *restServer) purgeMessage() string {
	text := "this version purges in the background and does not tell when it is done"
	if s.version.before(12, 0) {
		text += "; mail younger than an hour waits for a later purge"
	}
	return text
}

func (s *restServer) startPurge(ctx context.Context, path string, timeout time.Duration) error {
	// A purge may be asked for twice, but not by us without need.
	r := request{method: "GET", path: s.base() + path, write: true, timeout: timeout, permission: "purge-blob-store"}
	body, err := s.send(ctx, r, "")
	if err != nil {
		return err
	}
	return data(body, nil)
}

// AwaitPurge cannot watch a purge before 0.16: the state stays "requested".
func (s *restServer) AwaitPurge(context.Context) (reconcile.PurgeResult, error) {
	if s.version.before(8, 1) {
		return reconcile.PurgeResult{State: purgeDone}, nil
	}
	return reconcile.PurgeResult{State: purgeRequested, Message: s.purgeMessage()}, nil
}
