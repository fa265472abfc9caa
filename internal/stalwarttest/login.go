package stalwarttest

import (
	"context"
	"crypto/subtle"
	"fmt"
	"strings"
)

// Login does what an IMAP or HTTP login without cached credentials does: an app password is checked in the registry,
// any other secret by the directory, and a success creates or updates the account. The error is ErrUnauthorized,
// ErrSuspended or ErrDirectoryDown.
func (s *Server) Login(name, secret string) (AccountID, error) {
	if s.rest != nil {
		id, err := s.restLogin(strings.TrimSpace(name), secret)
		if err != nil {
			return "", err
		}
		return AccountID(FormatID(id)), nil
	}
	who, err := s.login(name, secret)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !who.may("authenticate") {
		return "", ErrSuspended
	}
	return AccountID(FormatID(who.id())), nil
}

// login finds out who it is; whether they may do anything is checked by the caller.
func (s *Server) login(name, secret string) (*token, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if strings.HasPrefix(secret, "app_") {
		return s.loginApp(name, secret)
	}
	record, found, err := s.opt.Directory.ByLogin(context.Background(), name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDirectoryDown, err)
	}
	if !found || secret == "" || subtle.ConstantTimeCompare([]byte(record.Secret), []byte(secret)) == 0 {
		return nil, ErrUnauthorized
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.synchronize(record)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnauthorized, err)
	}
	return &token{account: a}, nil
}

func (s *Server) loginApp(name, secret string) (*token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.Contains(name, "@") { // bare names get the default domain, for app passwords only
		name += "@" + s.opt.Domains[0].Name
	}
	key, ok := s.parseAddress(name)
	if !ok {
		return nil, ErrUnauthorized
	}
	if a := s.resolve(key); a != nil {
		for _, cr := range a.credentials {
			if cr.kind == "AppPassword" && cr.secret == secret {
				return cr.token(a), nil
			}
		}
	}
	return nil, ErrUnauthorized
}

// OpenMailbox logs in as a mail client does and gives the messages of the account, so that a test can prove whose mail
// is opened by whom. Errors are those of [Server.Login].
func (s *Server) OpenMailbox(login, secret string) ([]Message, error) {
	id, err := s.Login(login, secret)
	if err != nil {
		return nil, err
	}
	return s.Messages(id), nil
}
