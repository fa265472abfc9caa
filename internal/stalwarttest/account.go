package stalwarttest

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// account is a User or Group of the registry.
type account struct {
	id          uint64
	kind        string // "User" or "Group"
	name        string
	domain      uint64
	aliases     []alias
	description *string
	credentials []credential
	credentialN uint64
	groups      []uint64
	admin       bool // roles {"@type":"Admin"} instead of User or Default
	permissions permissionSet
	quotas      map[string]uint64
	created     string
	locale      string
	timeZone    *string
	revision    uint64 // of its access tokens: a cached login with an older one must authenticate again
	store       mailStore
}

type alias struct {
	enabled     bool
	name        string
	domain      uint64
	description *string
}

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

// dropTokens makes cached logins of the account authenticate again, as Stalwart's access token invalidation does.
func (a *account) dropTokens() { a.revision++ }

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

// insert gives the account an id and stores it; the caller has checked for conflicts.
func (s *Server) insert(a *account) {
	s.nextID++
	a.id = s.nextID
	a.created = s.now()
	a.locale = "en_US"
	if a.permissions.kind == "" {
		a.permissions.kind = "Inherit"
	}
	a.store.init()
	s.accounts[a.id] = a
	s.order = append(s.order, a.id)
	s.claim(owner{"Account", a.id}, nil, a.addresses())
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

// AccountSpec describes an account to be made with [Server.AddAccount].
type AccountSpec struct {
	Address     string // in a domain of the server
	Aliases     []string
	Description string
	Admin       bool      // roles Admin instead of User
	Group       bool      // a group instead of a user
	Password    string    // kept as the password credential; a login still asks the directory
	Created     time.Time // zero: now
}

// AddAccount makes an account without a login, as an administrator would. It panics if the domain is unknown or an
// address is taken: that is a mistake in the test.
func (s *Server) AddAccount(spec AccountSpec) AccountID {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, ok := s.parseAddress(spec.Address)
	if !ok {
		panic("stalwarttest: no such domain: " + spec.Address)
	}
	a := &account{kind: "User", name: key.local, domain: key.domain, admin: spec.Admin}
	if spec.Group {
		a.kind = "Group"
	}
	if spec.Description != "" {
		a.description = &spec.Description
	}
	for _, text := range spec.Aliases {
		key, ok := s.parseAddress(text)
		if !ok {
			panic("stalwarttest: no such domain: " + text)
		}
		a.aliases = append(a.aliases, alias{enabled: true, name: key.local, domain: key.domain})
	}
	if other, taken := s.conflict(a.addresses(), owner{}); taken {
		panic("stalwarttest: address of " + spec.Address + " taken by " + FormatID(other.id))
	}
	if spec.Password != "" {
		a.setPassword(spec.Password)
	}
	s.insert(a)
	if !spec.Created.IsZero() {
		a.created = stamp(spec.Created)
	}
	return AccountID(FormatID(a.id))
}

// AccountView is a copy of what a test may want to know about an account.
type AccountView struct {
	ID          AccountID
	Address     string   // primary
	Aliases     []string // in the server's order
	Disabled    []string // those of Aliases that are disabled
	Description string
	Group       bool
	Admin       bool
	Suspended   bool // the permission authenticate is missing
	Created     string
	Groups      []AccountID
	Messages    int // mails
	Credentials int // app passwords and API keys
}

// Account tells about a living account.
func (s *Server) Account(id AccountID) (AccountView, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := ParseID(string(id))
	a := s.accounts[n]
	if a == nil {
		return AccountView{}, false
	}
	return s.view(a), true
}

// AccountOf finds the living account that an address leads to, by primary name or enabled alias.
func (s *Server) AccountOf(addr string) (AccountView, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, ok := s.parseAddress(addr)
	if !ok {
		return AccountView{}, false
	}
	if a := s.resolve(key); a != nil {
		return s.view(a), true
	}
	return AccountView{}, false
}

// Accounts lists the living accounts by ascending id, the agent's own included.
func (s *Server) Accounts() []AccountView {
	s.mu.Lock()
	defer s.mu.Unlock()
	views := make([]AccountView, 0, len(s.order))
	for _, id := range s.order {
		views = append(views, s.view(s.accounts[id]))
	}
	return views
}

func (s *Server) view(a *account) AccountView {
	v := AccountView{
		ID:        AccountID(FormatID(a.id)),
		Address:   s.emailAddress(a.name, a.domain),
		Group:     a.kind == "Group",
		Admin:     a.admin,
		Suspended: a.kind == "User" && !a.may("authenticate"),
		Created:   a.created,
		Messages:  len(a.store.mails),
	}
	if a.description != nil {
		v.Description = *a.description
	}
	for _, al := range a.aliases {
		text := s.emailAddress(al.name, al.domain)
		v.Aliases = append(v.Aliases, text)
		if !al.enabled {
			v.Disabled = append(v.Disabled, text)
		}
	}
	for _, g := range a.groups {
		v.Groups = append(v.Groups, AccountID(FormatID(g)))
	}
	for _, c := range a.credentials {
		if c.kind != "Password" {
			v.Credentials++
		}
	}
	return v
}

// forget takes a destroyed account out of the ordered list of ids.
func (s *Server) forget(id uint64) {
	if i, found := slices.BinarySearchFunc(s.order, id, cmp.Compare[uint64]); found {
		s.order = slices.Delete(s.order, i, i+1)
	}
}
