package agent

import (
	"errors"
	"fmt"

	"syncagent/internal/audit"
	"syncagent/internal/stalwart"
	"syncagent/internal/state"
)

// ServerError says that the mail server was unusable or refused us (exit 6).
type ServerError struct{ Err error }

func (e *ServerError) Error() string { return "mail server: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *ServerError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *ServerError) Hint() string { return stalwart.HintOf(e.Err) }

// TrustError says that the ledger or the audit log cannot be trusted (exit 8).
type TrustError struct {
	Err  error
	hint string
}

func (e *TrustError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *TrustError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *TrustError) Hint() string { return e.hint }

// ExactError says that apply --exact found another plan than the saved one.
type ExactError struct{ Saved, Now string }

func (e *ExactError) Error() string {
	return fmt.Sprintf("the plan computed now (%s) differs from the saved one (%s); nothing was done", short(e.Now), short(e.Saved))
}

// Hint is what a person can do.
func (e *ExactError) Hint() string {
	return "make a new plan with: syncagent plan --out FILE"
}

func short(hash string) string {
	if len(hash) > 19 {
		return hash[:19]
	}
	return hash
}

// trust turns errors of ledger and audit log that mean "cannot be trusted"
// into a TrustError.
func trust(err error) error {
	var broken *audit.BrokenError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &broken):
		return &TrustError{Err: err, hint: "nothing was done. Look at it with: syncagent audit verify"}
	case errors.Is(err, state.ErrNewer), errors.Is(err, state.ErrCorrupt), errors.Is(err, state.ErrTampered):
		return &TrustError{Err: err, hint: "nothing was done. Restore a backup with: syncagent state restore FILE"}
	}
	return err
}
