package stalwart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/cenkalti/backoff/v5"

	"syncagent/internal/reconcile"
)

// CanSuspend tells whether an account can be suspended so that the undo is
// proven to be possible: the credentials must hold every permission that the
// account has now. It returns nil, or why not: OwnAccountError, NotFoundError,
// ForbiddenError (with the missing permissions), or an error of a request.
func (s *jmapServer) CanSuspend(ctx context.Context, id reconcile.AccountID) error {
	record, err := s.getAccount(ctx, id)
	if err != nil {
		return err
	}
	return s.provenUndo(ctx, record)
}

// getAccount reads one account.
func (s *jmapServer) getAccount(ctx context.Context, id reconcile.AccountID) (account, error) {
	records, err := s.getAccounts(ctx, []reconcile.AccountID{id})
	if err != nil {
		return account{}, fmt.Errorf("get account %q: %w", string(id), err)
	}
	record, ok := records[string(id)]
	if !ok {
		return account{}, &NotFoundError{Account: id}
	}
	return record, nil
}

// provenUndo compares what the account may do with what the credentials hold.
func (s *jmapServer) provenUndo(ctx context.Context, a account) error {
	if reconcile.AccountID(a.ID) == s.info.Self {
		return &OwnAccountError{}
	}
	if lacking := lackingOf(s.permissions, needSuspend); len(lacking) > 0 {
		return &ForbiddenError{Permission: strings.Join(lacking, ", ")}
	}
	rights, err := parseRights(a.Permissions)
	if err != nil {
		return err
	}
	target, err := s.effective(ctx, a, rights)
	if err != nil {
		return err
	}
	lacking := s.lacking(target)
	if len(lacking) == 0 {
		return nil
	}
	const shown = 5
	text := strings.Join(lacking[:min(shown, len(lacking))], ", ")
	if more := len(lacking) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return &ForbiddenError{Permission: text, Detail: "a suspension could not be undone without it"}
}

// effective adds up what an account may do, rather too much than too little.
func (s *jmapServer) effective(ctx context.Context, a account, r rights) (map[string]bool, error) {
	target := maps.Clone(r.Enabled)
	if target == nil {
		target = map[string]bool{}
	}
	if r.Type == "Replace" {
		return target, nil
	}
	var fromRoles map[string]bool
	var err error
	switch {
	case a.Roles != nil && a.Roles.Type == "User":
		fromRoles, err = s.userPermissions(ctx)
	case a.Roles != nil && a.Roles.Type == "Custom":
		fromRoles, err = s.permissionsOf(ctx, a.Roles.RoleIDs)
	default:
		return nil, &ForbiddenError{Detail: "only accounts with roles of users can be suspended"}
	}
	if err != nil {
		return nil, err
	}
	for p, set := range fromRoles {
		target[p] = target[p] || set
	}
	return target, nil
}

// Suspend takes the permission "authenticate" from an account: from then on no
// password, app password, API key or token opens it (IMAP sessions that are open
// go on); mail is still delivered. It gives the account's permissions as they
// were, in the server's own text, also if it was suspended already, and then
// changes nothing. Errors as of CanSuspend and WriteIdentities.
func (s *jmapServer) Suspend(ctx context.Context, id reconcile.AccountID) (before string, err error) {
	err = s.update(ctx, id, "", func() (any, error) {
		record, err := s.getAccount(ctx, id)
		if err != nil {
			return nil, err
		}
		rights, err := parseRights(record.Permissions)
		if err != nil {
			return nil, err
		}
		before = string(record.Permissions)
		if rights.deniesLogin() {
			return nil, nil
		}
		if err := s.provenUndo(ctx, record); err != nil {
			return nil, err
		}
		return ordered{{"permissions", rights.without("authenticate")}}, nil
	})
	if err != nil {
		return before, fmt.Errorf("suspend account %q: %w", string(id), err)
	}
	return before, nil
}

// Resume puts back the permissions that Suspend or Park gave, exactly as they
// were. Errors as of WriteIdentities.
func (s *jmapServer) Resume(ctx context.Context, id reconcile.AccountID, before string) error {
	if _, err := parseRights(json.RawMessage(before)); err != nil {
		return fmt.Errorf("resume account %q: the permissions to put back: %w", string(id), err)
	}
	if id == s.info.Self {
		return &OwnAccountError{}
	}
	err := s.update(ctx, id, "", func() (any, error) {
		return ordered{{"permissions", json.RawMessage(before)}}, nil
	})
	if err != nil {
		return fmt.Errorf("resume account %q: %w", string(id), err)
	}
	return nil
}

// update changes one account. After a concurrent change the patch is built
// anew, so that build reads what it depends on; a nil patch means that nothing
// is to be done.
func (s *jmapServer) update(ctx context.Context, id reconcile.AccountID, name string, build func() (any, error)) error {
	if _, err := idNumber(id); err != nil {
		return err
	}
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval = s.http.pause
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		patch, err := build()
		if err != nil || patch == nil {
			return struct{}{}, permanent(err)
		}
		answers, err := s.do(ctx, true, call{"x:Account/set", args{"update": ordered{{string(id), patch}}}})
		if err == nil {
			err = s.updateOutcome(answers[0], id, name)
		}
		if !errors.Is(err, errUnavailable) {
			err = permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(policy), backoff.WithMaxTries(s.http.tries))
	if errors.Is(err, errUnavailable) {
		return &ConflictError{} // a call with one object: nothing was done
	}
	return err
}

// permanent ends the tries with an error, or with success.
func permanent(err error) error {
	if err == nil {
		return nil
	}
	return backoff.Permanent(err)
}
