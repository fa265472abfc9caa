package stalwarttest

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// caller is who sends a management request.
type caller struct {
	admin bool          // the fallback administrator
	row   *principalRow // a user or an API key
}

// may tells whether the caller holds a permission; before 0.10 only administrators hold any.
func (c caller) may(permission string) bool {
	switch {
	case c.admin:
		return true
	case c.row.kind == "apiKey":
		return slices.Contains(c.row.roles, "admin") || slices.Contains(c.row.enabled, permission)
	case slices.Contains(c.row.disabled, permission):
		return false
	}
	return slices.Contains(c.row.roles, "admin") || slices.Contains(c.row.enabled, permission) ||
		permission == "authenticate" || permission == "authenticate-oauth"
}

// callerOf authenticates a request. jmap is true for paths where API keys are refused.
func (s *Server) callerOf(r *request, jmap bool) (*caller, *response) {
	header := r.http.Header.Get("Authorization")
	if header == "" {
		return nil, new(s.restUnauthorized(jmap, false))
	}
	kind, value, _ := strings.Cut(header, " ")
	switch strings.ToLower(kind) {
	case "basic":
		raw, err := base64.StdEncoding.DecodeString(value)
		name, secret, ok := strings.Cut(string(raw), ":")
		if err != nil || !ok {
			return nil, new(s.restUnauthorized(jmap, true))
		}
		return s.callerByPassword(r, strings.ToLower(strings.TrimSpace(name)), secret, jmap)
	case "bearer":
		encoded, isKey := strings.CutPrefix(value, "api_")
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if !isKey || err != nil {
			return nil, new(s.restUnauthorized(jmap, true))
		}
		name, secret, _ := strings.Cut(string(raw), ":")
		return s.callerByPassword(r, strings.ToLower(name), secret, jmap)
	}
	return nil, new(s.restUnauthorized(jmap, true))
}

// callerByPassword asks the directory first, then for the fallback administrator, then for API keys: the credentials
// of the agent go to the directory each time.
func (s *Server) callerByPassword(r *request, name, secret string, jmap bool) (*caller, *response) {
	if name == s.opt.Admin.Name && secret == s.opt.Admin.Password {
		_, _, _ = s.opt.Directory.ByLogin(context.Background(), name) // what it says does not matter
		return &caller{admin: true}, nil
	}
	if cached, dead := s.cachedCaller(r); dead {
		return nil, new(s.restUnauthorized(jmap, false))
	} else if cached != nil {
		return cached, nil
	}
	id, err := s.restLogin(name, secret)
	var taken *addressTaken
	switch {
	case err == nil:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.headers[r.http.Header.Get("Authorization")] = cachedLogin{account: id, revision: s.accounts[id].revision}
		return &caller{row: s.rest.byID[id]}, nil
	case errors.Is(err, ErrSuspended):
		return nil, new(restForbidden())
	case errors.As(err, &taken):
		return nil, new(taken.answer())
	}
	if key := s.apiKeyRow(name, secret); key != nil && !jmap {
		if !(caller{row: key}).may("authenticate") {
			return nil, new(restForbidden())
		}
		return &caller{row: key}, nil
	}
	if errors.Is(err, ErrDirectoryDown) {
		return nil, new(restTrouble())
	}
	return nil, s.restRefuse(r, name, jmap)
}

// cachedCaller finds a login in the credential cache, which up to 0.13.1 spares the directory for an hour: nothing is
// checked or brought up to date then. On 0.11 a deleted row leaves an entry that is refused from then on.
func (s *Server) cachedCaller(r *request) (who *caller, dead bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry, found := s.headers[r.http.Header.Get("Authorization")]
	row := s.rest.byID[entry.account]
	switch {
	case !found || s.rest.v.since(13, 2):
		return nil, false
	case row == nil:
		return nil, s.rest.v.minor == 11
	case row.account.revision != entry.revision:
		return nil, false
	}
	return &caller{row: row}, false
}

// ForgetLogins empties the credential cache, as a restart does.
func (s *Server) ForgetLogins() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.headers)
	if s.rest != nil {
		for _, r := range s.rest.rows {
			r.warm = false
		}
	}
}

// apiKeyRow finds an API key. With an external directory they work since 0.13.0.
func (s *Server) apiKeyRow(name, secret string) *principalRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := s.rest.rows[name]
	if key == nil || key.kind != "apiKey" || !s.rest.v.since(13, 0) || !slices.Contains(key.secrets, secret) {
		return nil
	}
	return key
}

// restRefuse counts a failed login.
func (s *Server) restRefuse(r *request, login string, jmap bool) *response {
	out := s.refuse(r, login)
	if out.status == http.StatusUnauthorized {
		return new(s.restUnauthorized(jmap, false))
	}
	return out
}

func (s *Server) restUnauthorized(jmap, undecodable bool) response {
	r := problem(http.StatusUnauthorized, map[string]any{"title": "Unauthorized", "detail": "You have to authenticate first."})
	v := s.rest.v
	if v.minor == 12 || v.since(13, 0) && (jmap || undecodable) {
		r.header.Set("Www-Authenticate", `Basic realm="Stalwart Server"`)
	}
	return r
}

func restForbidden() response {
	return problem(http.StatusForbidden, map[string]any{
		"title":  "Forbidden",
		"detail": "You do not have enough permissions to access this resource.",
	})
}

func restTrouble() response {
	return problem(http.StatusInternalServerError, map[string]any{
		"title":  "Internal Server Error",
		"detail": "There was a problem while processing your request. Please contact the system administrator if this problem persists.",
	})
}

// restUnprivileged is the answer to a caller without a permission.
func (s *Server) restUnprivileged() response {
	switch v := s.rest.v; {
	case v.since(10, 0):
		return restForbidden()
	case v.since(7, 0):
		return pathNotFound()
	}
	return s.restUnauthorized(false, false)
}
