package stalwart

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"syncagent/internal/reconcile"
)

// cutAccess takes the right to log in, by password, token or cached login; open
// IMAP sessions go on (measured on 0.15.5).
var cutAccess = operation{"addItem", "disabledPermissions", "authenticate"}

// Park moves an account aside: it gets the name of write and no address at all,
// and with cut also loses the right to log in, all in one PATCH. The error is
// about the move, with the types of WriteIdentities; what could not be cut
// stands in NotCut. App passwords do not work with an external directory before
// 0.16 and are left.
func (s *restServer) Park(ctx context.Context, write reconcile.IdentityWrite, cut bool) (ParkResult, error) {
	var result ParkResult
	if write.Account == s.info.Self {
		return result, &OwnAccountError{}
	}
	if err := s.mayWrite(write); err != nil {
		return result, fmt.Errorf("park account %q: %w", string(write.Account), err)
	}
	write.Addresses, write.KeepAddresses = nil, false
	more := func(p principal) []operation {
		if !cut || !s.info.Can.Suspend || slices.Contains(p.DisabledPermissions, "authenticate") {
			return nil
		}
		result.Suspended = true
		return []operation{cutAccess}
	}
	err := s.writeIdentity(ctx, write, more, func(p principal) {
		result.Before = accessText(p.DisabledPermissions)
		result.Suspended = slices.Contains(p.DisabledPermissions, "authenticate")
	})
	if err != nil {
		result.Suspended = false
		return result, fmt.Errorf("park account %q: %w", string(write.Account), err)
	}
	result.Moved = true
	if cut && !result.Suspended {
		result.notCut(NotCutAccess, "tokens and cached logins still open the account for up to an hour",
			"restart the mail server if that matters; upgrade to 0.10 or later")
	}
	if cut {
		result.notCut(NotCutSessions, "IMAP sessions that are open now go on until they end",
			"restart the mail server, or wait, if that matters")
	}
	return result, nil
}

// CanSuspend tells whether an account can be suspended, with nil for yes:
// OwnAccountError, UnsupportedError, ForbiddenError, NotFoundError,
// NotThisAccountError, or an error of a request.
func (s *restServer) CanSuspend(ctx context.Context, id reconcile.AccountID) error {
	if err := s.maySuspend(id); err != nil {
		return err
	}
	_, err := s.locate(ctx, id)
	return err
}

func (s *restServer) maySuspend(id reconcile.AccountID) error {
	switch {
	case id == s.info.Self:
		return &OwnAccountError{}
	case !s.possible("suspend"):
		return s.unsupported("cut the access of an account", "upgrade to a version that can: 0.10 or later, and not 0.12.0")
	case !s.info.Can.Suspend:
		return &ForbiddenError{Permission: "individual-update"}
	}
	return nil
}

// Suspend takes the permission "authenticate" from an account: logins, tokens
// and cached logins are refused then, mail is still delivered. It gives the
// denied permissions as they were, also if it was suspended already, and then
// changes nothing. Errors as of CanSuspend and WriteIdentities.
func (s *restServer) Suspend(ctx context.Context, id reconcile.AccountID) (before string, err error) {
	if err := s.maySuspend(id); err != nil {
		return "", fmt.Errorf("suspend account %q: %w", string(id), err)
	}
	p, err := s.locate(ctx, id)
	if err != nil {
		return "", fmt.Errorf("suspend account %q: %w", string(id), err)
	}
	before = accessText(p.DisabledPermissions)
	if slices.Contains(p.DisabledPermissions, "authenticate") {
		return before, nil
	}
	if err := s.patch(ctx, id, p.Name, []operation{cutAccess}); err != nil {
		return before, fmt.Errorf("suspend account %q: %w", string(id), err)
	}
	return before, nil
}

// Resume puts back the denied permissions that Suspend or Park gave. Errors as of
// WriteIdentities.
func (s *restServer) Resume(ctx context.Context, id reconcile.AccountID, before string) error {
	list, err := parseAccess(before)
	if err == nil {
		err = s.maySuspend(id)
	}
	var p principal
	if err == nil {
		p, err = s.locate(ctx, id)
	}
	if err == nil {
		err = s.patch(ctx, id, p.Name, []operation{{"set", "disabledPermissions", list}})
	}
	if err != nil {
		return fmt.Errorf("resume account %q: %w", string(id), err)
	}
	return nil
}

// asCertain gives the cause of an UncertainError, or nil.
func asCertain(err error) *UncertainError {
	u, _ := errors.AsType[*UncertainError](err)
	return u
}
