package stalwarttest

import (
	"slices"
	"strconv"
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
	return map[string]any{
		"id": FormatID(cr.id), "description": cr.description, "secret": "****",
		"createdAt": cr.created, "expiresAt": nil, "permissions": cr.permissions.json(), "allowedIps": map[string]any{},
	}
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
