package stalwarttest

import (
	"slices"
	"strings"
)

// synchronizeIdentities does what Identity/get does since 0.16.18: it makes an identity for each address of the account
// and its groups, and deletes those whose address leads elsewhere, with their signatures.
func (s *Server) synchronizeIdentities(a *account) {
	var wanted []string
	for _, id := range append(slices.Clone(a.groups), a.id) {
		if of := s.accounts[id]; of != nil {
			wanted = append(wanted, s.spellings(of)...)
		}
	}
	st := &a.store
	st.items["Identity"] = slices.DeleteFunc(st.items["Identity"], func(it *item) bool {
		email, _ := it.value["email"].(string)
		return !slices.Contains(wanted, email)
	})
	name := a.name
	if a.description != nil {
		name = *a.description
	}
	for _, email := range wanted {
		if !slices.ContainsFunc(st.items["Identity"], func(it *item) bool { return it.value["email"] == email }) {
			st.addItem("Identity", map[string]any{
				"name": name, "email": email, "replyTo": nil, "bcc": nil,
				"textSignature": "", "htmlSignature": "", "mayDelete": true,
			})
		}
	}
}

// restIdentities does what Identity/get did before 0.16: it makes one for each address once, if there is none. Addresses
// below .test are refused.
func (s *Server) restIdentities(a *account) {
	row := s.rest.byID[a.id]
	if row == nil || len(a.store.items["Identity"]) > 0 {
		return
	}
	name := row.description
	if name == "" {
		name = row.name
	}
	for _, email := range row.emails {
		if !strings.HasSuffix(email, ".test") {
			a.store.addItem("Identity", map[string]any{
				"name": name, "email": email, "replyTo": nil, "bcc": nil, "textSignature": "", "htmlSignature": "", "mayDelete": true,
			})
		}
	}
}

// spellings gives every address of an account, with all domain aliases.
func (s *Server) spellings(a *account) []string {
	var out []string
	for _, key := range a.addresses() {
		d := s.domainByID(key.domain)
		if d == nil {
			continue
		}
		for _, name := range append([]string{d.name}, d.aliases...) {
			out = append(out, key.local+"@"+name)
		}
	}
	return out
}

// SetSignature sets the text signature of the identity with this address, making the identities first.
func (s *Server) SetSignature(id AccountID, email, signature string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustAccount(id)
	if s.rest != nil {
		s.restIdentities(a)
	} else {
		s.synchronizeIdentities(a)
	}
	for _, it := range a.store.items["Identity"] {
		if it.value["email"] == email {
			it.value["textSignature"] = signature
		}
	}
}
