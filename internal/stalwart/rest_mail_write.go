package stalwart

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"syncagent/internal/reconcile"
)

// Upload is as on 0.16.
func (s *restServer) Upload(ctx context.Context, id reconcile.AccountID, contentType string, size int64,
	open func() (io.ReadCloser, error),
) (blobID string, err error) {
	mail, err := s.mailID(ctx, id)
	if err != nil {
		return "", err
	}
	return s.mail.Upload(ctx, mail, contentType, size, open)
}

// Import is as on 0.16. 0.15.5 takes mail only for somebody whom the directory
// has, or whose login it still remembers: StrangerError otherwise. Up to 0.11.8
// even an ID that does not exist takes mail, hence the look-up before.
func (s *restServer) Import(ctx context.Context, id reconcile.AccountID, items []json.RawMessage) (
	ids []string, refusals []error, err error,
) {
	mail, err := s.mailID(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	ids, refusals, err = s.mail.Import(ctx, mail, items)
	return ids, refusals, s.stranger(id, err)
}

// Create is as on 0.16.
func (s *restServer) Create(ctx context.Context, id reconcile.AccountID, kind string, items []json.RawMessage) (
	ids []string, refusals []error, err error,
) {
	mail, err := s.writable(ctx, id, kind)
	if err != nil {
		return nil, nil, err
	}
	ids, refusals, err = s.mail.Create(ctx, mail, kind, items)
	return ids, refusals, s.stranger(id, err)
}

// Change is as on 0.16.
func (s *restServer) Change(ctx context.Context, id reconcile.AccountID, kind, object string, patch json.RawMessage) error {
	mail, err := s.writable(ctx, id, kind)
	if err != nil {
		return err
	}
	return s.stranger(id, s.mail.Change(ctx, mail, kind, object, patch))
}

// ActivateScript is as on 0.16.
func (s *restServer) ActivateScript(ctx context.Context, id reconcile.AccountID, script string) error {
	mail, err := s.writable(ctx, id, "SieveScript")
	if err != nil {
		return err
	}
	return s.mail.ActivateScript(ctx, mail, script)
}

func (s *restServer) writable(ctx context.Context, id reconcile.AccountID, kind string) (reconcile.AccountID, error) {
	mail, err := s.mailID(ctx, id)
	if err == nil && (kind == KindRaw || slices.Contains(groupware, kind) && !s.version.since(14, 0)) {
		err = s.hidden(kind)
	}
	return mail, err
}

// stranger explains serverUnavailable of a write.
func (s *restServer) stranger(id reconcile.AccountID, err error) error {
	if errors.Is(err, errUnavailable) {
		return &StrangerError{Account: id, Cause: err}
	}
	return err
}

// StrangerError says that a write was answered with serverUnavailable: on 0.12
// to 0.15 mostly because the directory does not have the user. Nothing was done
// for that reason, but another cause cannot be told from it.
type StrangerError struct {
	Account reconcile.AccountID
	Cause   error
}

func (e *StrangerError) Error() string {
	return "the mail server does not take it for account " + string(e.Account) + " now: " + e.Cause.Error()
}

// Unwrap gives the answer of the server.
func (e *StrangerError) Unwrap() error { return e.Cause }

// Hint says what to do first.
func (e *StrangerError) Hint() string {
	return "put the user of the account into the directory (a login is not needed), then try again"
}
