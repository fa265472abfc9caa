package stalwart

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"syncagent/internal/reconcile"
)

// ParkResult tells what parking did and what it could not cut.
type ParkResult struct {
	// Moved is true if the account has its new name and no addresses.
	Moved bool
	// Before is the account's permissions as read before, in the server's text.
	Before string
	// Suspended is true if the account is now denied to authenticate.
	Suspended bool
	// AppPasswords and APIKeys count what was destroyed.
	AppPasswords int
	APIKeys      int
	// NotCut lists what still opens the account, and why.
	NotCut []reconcile.Reason
}

// Codes in ParkResult.NotCut.
const (
	NotCutAccess      = "access-not-cut"
	NotCutCredentials = "credentials-not-cut"
	NotCutSessions    = "sessions-not-cut"
)

// Park moves an account aside: it gets the name of write and no address at all,
// and with cut also loses the right to authenticate, all in one update. If the
// rights do not allow the cut, or the server refuses it, the account is moved
// without it. With cut its app passwords and API keys are destroyed then, if
// that is permitted. Cached logins end only with InvalidateCaches, which the
// caller does once for all; open IMAP sessions go on in any case.
//
// The error is about the move, with the types of WriteIdentities; what could
// not be cut stands in NotCut.
func (s *jmapServer) Park(ctx context.Context, write reconcile.IdentityWrite, cut bool) (ParkResult, error) {
	var result ParkResult
	if write.Account == s.info.Self {
		return result, &OwnAccountError{}
	}
	if !s.info.Can.Rename {
		return result, &ForbiddenError{Permission: "sysAccountUpdate"}
	}
	write.Addresses, write.KeepAddresses = nil, false
	p, err := s.patchFor(ctx, write, nil)
	if err != nil {
		return result, fmt.Errorf("park account %q: %w", string(write.Account), err)
	}
	stands, err := s.standsParked(ctx, write, &result)
	if err != nil {
		return result, fmt.Errorf("park account %q: %w", string(write.Account), err)
	}
	if stands {
		s.cutRest(ctx, write.Account, cut, &result)
		return result, nil
	}
	var refusal error
	build := func() (any, error) {
		record, err := s.getAccount(ctx, write.Account)
		if err != nil {
			return nil, err
		}
		result.Before, p.Permissions, result.Suspended = string(record.Permissions), nil, false
		if refusal == nil {
			refusal = s.addCut(ctx, &p, record, cut, &result)
		}
		return p, nil
	}
	err = s.update(ctx, write.Account, write.Name, build)
	if f, ok := errors.AsType[*ForbiddenError](err); ok && p.Permissions != nil {
		// The update is refused as a whole: move without the cut.
		refusal = f
		err = s.update(ctx, write.Account, write.Name, build)
	}
	if err != nil {
		result.Suspended = false
		return result, fmt.Errorf("park account %q: %w", string(write.Account), err)
	}
	result.Moved = true
	if refusal != nil {
		result.notCut(NotCutAccess, "passwords and tokens still open the account: "+refusal.Error(), HintOf(refusal))
	}
	s.cutRest(ctx, write.Account, cut, &result)
	return result, nil
}

// standsParked tells whether the account was moved aside and cut already, by a
// run that was killed before it could take the credentials; then nothing is
// written again.
func (s *jmapServer) standsParked(ctx context.Context, write reconcile.IdentityWrite, result *ParkResult) (bool, error) {
	record, err := s.getAccount(ctx, write.Account)
	if err != nil {
		return false, err
	}
	if !strings.EqualFold(record.EmailAddress, write.Name) || len(record.Aliases) > 0 {
		return false, nil
	}
	rights, err := parseRights(record.Permissions)
	if err != nil || !rights.deniesLogin() {
		return false, err
	}
	result.Moved, result.Suspended, result.Before = true, true, string(record.Permissions)
	return true, nil
}

// cutRest takes what the update itself does not: app passwords and API keys.
func (s *jmapServer) cutRest(ctx context.Context, id reconcile.AccountID, cut bool, result *ParkResult) {
	if !cut {
		return
	}
	s.cutCredentials(ctx, id, result)
	result.notCut(NotCutSessions, "IMAP sessions that are open now go on until they end",
		"restart the mail server, or wait, if that matters")
}

// addCut adds the cut of access to the update, or says why not.
func (s *jmapServer) addCut(ctx context.Context, p *patch, record account, cut bool, result *ParkResult) error {
	rights, err := parseRights(record.Permissions)
	if err != nil {
		return err
	}
	if rights.deniesLogin() {
		result.Suspended = true
		return nil
	}
	if !cut {
		return nil
	}
	if err := s.provenUndo(ctx, record); err != nil {
		return err
	}
	text, err := encodeJSON(rights.without("authenticate"))
	if err != nil {
		return fmt.Errorf("encode permissions: %w", err)
	}
	p.Permissions, result.Suspended = text, true
	return nil
}

func (r *ParkResult) notCut(code, message, hint string) {
	r.NotCut = append(r.NotCut, reconcile.Reason{Code: code, Message: message, Hint: hint})
}
