package agent

import (
	"context"
	"errors"

	"syncagent/internal/state"
)

// The exit codes of CONTRACT §2 that a run can end with.
const (
	ExitOK          = 0
	ExitFailed      = 1
	ExitPending     = 2
	ExitPartly      = 3
	ExitBlocked     = 4
	ExitSource      = 5
	ExitServer      = 6
	ExitLocked      = 7
	ExitUntrusted   = 8
	ExitUsage       = 64
	ExitInterrupted = 130
)

// ExitCode gives the exit code of a run that ended with err: of several the
// first of 8, 7, 6, 4, 5, 3.
func (r *Report) ExitCode(err error) int {
	var locked *state.LockedError
	var server *ServerError
	var untrusted *TrustError
	var impossible *ImpossibleError
	switch {
	case errors.As(err, &untrusted), errors.As(trust(err), &untrusted):
		return ExitUntrusted
	case errors.As(err, &locked):
		return ExitLocked
	case errors.As(err, &server):
		return ExitServer
	case errors.As(err, &impossible):
		return ExitUsage
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case err != nil:
		return ExitFailed
	case r.Blocked():
		return ExitBlocked
	case r.Unusable():
		return ExitSource
	case r.Failed > 0 || r.Dropped > 0:
		return ExitPartly
	}
	return ExitOK
}
