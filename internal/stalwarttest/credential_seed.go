package stalwarttest

import (
	"fmt"
	"slices"
	"strings"
)

func (s *Server) secret(prefix string) string {
	s.secrets++
	return fmt.Sprintf("%s%08x%s", prefix, s.secrets, strings.Repeat("s", 20))
}

// AddAPIKey gives an account an API key, and the secret back. It panics if there is no such account.
func (s *Server) AddAPIKey(id AccountID, key APIKey) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key.Secret == "" {
		key.Secret = s.secret("API_")
	}
	a := s.mustAccount(id)
	cr := credential{kind: "ApiKey", secret: key.Secret, description: "script", created: s.now()}
	if key.Permissions != nil {
		cr.permissions = keyPermissions{"Replace", slices.Clone(key.Permissions)}
	}
	cr = a.addCredential(cr)
	a.dropTokens()
	s.tokens[key.Secret] = tokenRef{account: a.id, credential: cr.id}
	return key.Secret
}

// AddAppPassword gives an account an app password, and the secret back: it works until it is removed or the account
// is destroyed, whatever the directory says.
func (s *Server) AddAppPassword(id AccountID, description string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustAccount(id)
	cr := a.addCredential(credential{
		kind: "AppPassword", secret: s.secret("app_"), description: description,
		created: s.now(),
	})
	a.dropTokens()
	return cr.secret
}

// AddOAuthToken gives an account an OAuth access token: it outlives the directory entry, and removing app passwords or
// API keys does not touch it.
func (s *Server) AddOAuthToken(id AccountID) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := s.secret("oauth-")
	s.tokens[token] = tokenRef{account: s.mustAccount(id).id, oauth: true}
	return token
}

func (s *Server) mustAccount(id AccountID) *account {
	n, _ := ParseID(string(id))
	a := s.accounts[n]
	if a == nil {
		panic("stalwarttest: no account " + string(id))
	}
	return a
}
