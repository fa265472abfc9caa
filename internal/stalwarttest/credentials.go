package stalwarttest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// credential is one entry of an account's credentials: Password, AppPassword or ApiKey.
type credential struct {
	id          uint64
	kind        string
	secret      string
	description string
	created     string
	permissions keyPermissions
}

// keyPermissions is the property `permissions` of an app password or API key: Inherit, Disable or Replace.
type keyPermissions struct {
	kind  string
	names []string
}

// tokenRef is what a Bearer secret leads to.
type tokenRef struct {
	account    uint64
	credential uint64 // of the account; 0 = an OAuth token
	oauth      bool
}

func (p keyPermissions) json() map[string]any {
	if p.kind == "Inherit" {
		return map[string]any{"@type": "Inherit"}
	}
	return map[string]any{"@type": p.kind, "permissions": set(p.names)}
}

// token gives the rights of somebody who authenticated with the credential.
func (cr credential) token(a *account) *token {
	t := &token{account: a}
	switch cr.permissions.kind {
	case "Replace":
		t.restricted, t.allowed = true, set(cr.permissions.names)
	case "Disable":
		t.restricted, t.allowed = true, map[string]bool{}
		for name := range knownPermissions {
			t.allowed[name] = !slices.Contains(cr.permissions.names, name)
		}
	}
	return t
}

func credentialsJSON(credentials []credential) map[string]any {
	out := map[string]any{}
	for i, cr := range credentials {
		entry := cr.json()
		entry["@type"], entry["credentialId"] = cr.kind, entry["id"]
		delete(entry, "id")
		if cr.kind == "Password" {
			for _, name := range []string{"description", "createdAt", "permissions"} {
				delete(entry, name)
			}
		}
		out[strconv.Itoa(i)] = entry
	}
	return out
}

func (cr credential) json() map[string]any {
	return map[string]any{"id": FormatID(cr.id), "description": cr.description, "secret": "****",
		"createdAt": cr.created, "expiresAt": nil, "permissions": cr.permissions.json(), "allowedIps": map[string]any{}}
}

// setPassword stores the directory's secret as the password credential and tells whether that changed anything.
func (a *account) setPassword(secret string) bool {
	for i := range a.credentials {
		if a.credentials[i].kind == "Password" {
			changed := a.credentials[i].secret != secret
			a.credentials[i].secret = secret
			return changed
		}
	}
	a.addCredential(credential{kind: "Password", secret: secret})
	return true
}

// addCredential gives the credential the smallest free id.
func (a *account) addCredential(cr credential) credential {
	for cr.id = 0; slices.ContainsFunc(a.credentials, func(have credential) bool { return have.id == cr.id }); {
		cr.id++
	}
	if cr.permissions.kind == "" {
		cr.permissions.kind = "Inherit"
	}
	at, _ := slices.BinarySearchFunc(a.credentials, cr.id, func(have credential, id uint64) int {
		return compareIDs(have.id, id)
	})
	a.credentials = slices.Insert(a.credentials, at, cr)
	return cr
}

// dropSecrets forgets the Bearer secrets of credentials that are in before but not in after; all of them, OAuth tokens
// included, when the account itself is gone.
func (s *Server) dropSecrets(before, after *account) {
	kept := map[uint64]bool{}
	for _, cr := range after.credentials {
		kept[cr.id] = true
	}
	for secret, ref := range s.tokens {
		if ref.account == before.id && (after.id == 0 || !ref.oauth && !kept[ref.credential]) {
			delete(s.tokens, secret)
		}
	}
}

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
	cr := a.addCredential(credential{kind: "AppPassword", secret: s.secret("app_"), description: description,
		created: s.now()})
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

// credentialKind gives the type that an x:AppPassword or x:ApiKey call is about.
func (c *call) credentialKind() string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(c.name, "x:"), "/")
	return kind
}

// ownCredentials gives those of the addressed account that are of the kind of the call.
func (c *call) ownCredentials() (kind []credential, others []uint64) {
	a := c.s.accounts[c.account]
	if a == nil {
		return nil, nil
	}
	for _, cr := range a.credentials {
		if cr.kind == c.credentialKind() {
			kind = append(kind, cr)
		} else {
			others = append(others, cr.id)
		}
	}
	return kind, others
}

func (c *call) credentialGet() (any, *methodError) {
	own, others := c.ownCredentials()
	return c.getObjects(getter{
		all: func() []uint64 {
			var ids []uint64
			for _, cr := range own {
				ids = append(ids, cr.id)
			}
			return ids
		},
		miss: func() []uint64 { return others },
		one: func(id uint64) map[string]any {
			for _, cr := range own {
				if cr.id == id {
					return cr.json()
				}
			}
			return nil
		},
	})
}

func (c *call) credentialQuery() (any, *methodError) {
	own, _ := c.ownCredentials()
	var rows []row
	for _, cr := range own {
		rows = append(rows, row{id: cr.id, values: func(string) []string { return nil }})
	}
	return c.queryObjects(rows, schema{})
}

func (c *call) credentialSet() (any, *methodError) {
	return c.setObjects(setter{object: c.credentialKind(), create: c.credentialCreate, destroy: c.credentialDestroy})
}

func (c *call) credentialDestroy(id uint64) map[string]any {
	a := c.s.accounts[c.account]
	if a == nil {
		return notFound()
	}
	i := slices.IndexFunc(a.credentials, func(cr credential) bool { return cr.id == id && cr.kind == c.credentialKind() })
	if i < 0 {
		return notFound()
	}
	changed := a.clone()
	changed.credentials = slices.Delete(changed.credentials, i, i+1)
	changed.dropTokens()
	c.s.dropSecrets(a, changed)
	*a = *changed
	return nil
}

// maxCredentials is the default of maxAppPasswords and maxApiKeys.
const maxCredentials = 5

func (c *call) credentialCreate(_ string, value json.RawMessage) (created, fail map[string]any) {
	a, kind := c.s.accounts[c.account], c.credentialKind()
	if a == nil {
		return nil, notFound()
	}
	var in struct {
		Description string
		Permissions struct {
			Type        string `json:"@type"`
			Permissions json.RawMessage
		}
	}
	if json.Unmarshal(value, &in) != nil {
		return nil, invalidValue("permissions")
	}
	cr := credential{kind: kind, description: in.Description, created: c.s.now(),
		permissions: keyPermissions{kind: in.Permissions.Type}}
	if in.Permissions.Permissions != nil {
		names, ok := setItems(in.Permissions.Permissions)
		if !ok {
			return nil, invalidValue("permissions")
		}
		cr.permissions.names = names
	}
	if own, _ := c.ownCredentials(); len(own) >= maxCredentials {
		noun := map[string]string{"ApiKey": "API keys", "AppPassword": "app passwords"}[kind]
		return nil, map[string]any{"type": "overQuota",
			"description": fmt.Sprintf("You have exceeded your quota of %d %s.", maxCredentials, noun)}
	}
	if cr.permissions.kind == "Replace" {
		lacking := slices.DeleteFunc(slices.Clone(cr.permissions.names), func(name string) bool {
			return a.may(name) && c.who.may(name)
		})
		if len(lacking) > 0 {
			return nil, grantRefusal(lacking)
		}
	}
	cr.secret = c.s.secret(map[string]string{"ApiKey": "API_", "AppPassword": "app_"}[kind])
	cr = a.addCredential(cr)
	if kind == "ApiKey" {
		c.s.tokens[cr.secret] = tokenRef{account: a.id, credential: cr.id}
	}
	a.dropTokens()
	return map[string]any{"id": FormatID(cr.id), "secret": cr.secret}, nil
}
