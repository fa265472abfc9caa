package stalwarttest

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
)

// cachedLogin is an entry of the HTTP credential cache: the header leads to the account until its access tokens are
// dropped, whatever happens to its name or in the directory.
type cachedLogin struct {
	account  uint64
	revision uint64
	rights   *token
}

// authenticate finds out who sends the request. A nil token without a refusal is an anonymous request.
func (s *Server) authenticate(r *request) (*token, *response) {
	header := r.http.Header.Get("Authorization")
	if header == "" {
		return nil, nil
	}
	kind, value, _ := strings.Cut(header, " ")
	switch strings.ToLower(kind) {
	case "basic":
		return s.authenticateBasic(r, header, value)
	case "bearer":
		return s.authenticateBearer(r, header, value)
	}
	return nil, new(unauthorized())
}

func (s *Server) authenticateBasic(r *request, header, value string) (*token, *response) {
	raw, err := base64.StdEncoding.DecodeString(value)
	name, password, ok := strings.Cut(string(raw), ":")
	if err != nil || !ok {
		return nil, new(unauthorized())
	}
	if name == s.opt.Admin.Name && password == s.opt.Admin.Password {
		return &token{}, nil
	}
	if who := s.cached(header); who != nil {
		return who, nil
	}
	who, err := s.login(name, password)
	switch {
	case errors.Is(err, ErrDirectoryDown):
		return nil, new(problem(http.StatusInternalServerError, map[string]any{
			"title": "Internal Server Error",
			"detail": "There was a problem while processing your request. Please contact the system administrator " +
				"if this problem persists.",
		}))
	case err != nil:
		return nil, s.refuse(r, strings.ToLower(strings.TrimSpace(name)))
	}
	s.cache(header, who)
	return who, nil
}

func (s *Server) authenticateBearer(r *request, header, value string) (*token, *response) {
	if who := s.cached(header); who != nil {
		return who, nil
	}
	s.mu.Lock()
	var limited response
	over := false
	if !s.exempt(r.ip) {
		limited, over = s.limits.count("ip "+r.ip, s.opt.AnonymousRequests)
	}
	ref, known := s.tokens[value]
	a := s.accounts[ref.account]
	s.mu.Unlock()
	if over { // a Bearer that is not cached counts as anonymous
		return nil, &limited
	}
	if !known || a == nil {
		if strings.HasPrefix(value, "API_") { // only what looks like an API key counts as a failed login
			return nil, s.refuse(r, "")
		}
		return nil, new(unauthorized())
	}
	who := &token{account: a}
	s.mu.Lock()
	for _, cr := range a.credentials {
		if !ref.oauth && cr.id == ref.credential {
			who = cr.token(a)
		}
	}
	s.mu.Unlock()
	s.cache(header, who)
	return who, nil
}

func (s *Server) refuse(r *request, login string) *response {
	s.mu.Lock()
	defer s.mu.Unlock()
	rate := s.opt.AuthBanRate
	if s.exempt(r.ip) {
		rate = 0
	}
	return new(s.limits.failed(r.ip, login, rate))
}

func (s *Server) cached(header string) *token {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry, found := s.headers[header]
	if !found {
		return nil
	}
	a := s.accounts[entry.account]
	if a == nil || a.revision != entry.revision {
		delete(s.headers, header)
		return nil
	}
	return entry.rights
}

func (s *Server) cache(header string, who *token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.headers[header] = cachedLogin{account: who.account.id, revision: who.account.revision, rights: who}
}
