package stalwarttest

import (
	"slices"
	"strings"
)

// address is a unique key of the registry: a local part in a domain (domain aliases are resolved before).
type address struct {
	local  string
	domain uint64
}

// owner names the registry object that has an address.
type owner struct {
	object string // "Account" or "MailingList"
	id     uint64
}

func (o owner) json() map[string]any {
	return map[string]any{"object": o.object, "id": FormatID(o.id)}
}

// addresses gives all unique keys of the account: its name first, then the aliases, enabled or not.
func (a *account) addresses() []address {
	keys := []address{{a.name, a.domain}}
	for _, al := range a.aliases {
		if key := (address{al.name, al.domain}); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// conflict gives the first owner, other than self, of one of the keys.
func (s *Server) conflict(keys []address, self owner) (owner, bool) {
	for _, key := range keys {
		if o, taken := s.keys[key]; taken && o != self {
			return o, true
		}
	}
	return owner{}, false
}

// claim replaces the unique keys of one object; the caller has checked for conflicts.
func (s *Server) claim(self owner, before, after []address) {
	for _, key := range before {
		delete(s.keys, key)
	}
	for _, key := range after {
		s.keys[key] = self
	}
}

// resolve finds the account that an address leads to, by name or by enabled alias.
func (s *Server) resolve(key address) *account {
	o, found := s.keys[key]
	if !found || o.object != "Account" {
		return nil
	}
	a := s.accounts[o.id]
	if key == (address{a.name, a.domain}) {
		return a
	}
	for _, al := range a.aliases {
		if al.enabled && key == (address{al.name, al.domain}) {
			return a
		}
	}
	return nil
}

// parseAddress splits an address and resolves its domain; ok is false for a domain that the server does not have.
func (s *Server) parseAddress(text string) (key address, ok bool) {
	at := strings.LastIndexByte(text, '@')
	if at < 1 {
		return address{}, false
	}
	d := s.domainByName(strings.ToLower(text[at+1:]))
	if d == nil {
		return address{}, false
	}
	return address{strings.ToLower(text[:at]), d.id}, true
}

func (s *Server) emailAddress(local string, domain uint64) string {
	if d := s.domainByID(domain); d != nil {
		return local + "@" + d.name
	}
	return local
}
