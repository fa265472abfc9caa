package stalwarttest

import (
	"slices"
	"time"
)

// AccountSpec describes an account to be made with [Server.AddAccount].
type AccountSpec struct {
	Address     string // in a domain of the server
	Aliases     []string
	Description string
	Admin       bool      // roles Admin instead of User
	Group       bool      // a group instead of a user
	Password    string    // kept as the password credential; a login still asks the directory
	Created     time.Time // zero: now
	ID          AccountID // as an upgrade from an older server keeps it; unused. Empty: the next one
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
	if spec.ID == "" {
		s.insert(a)
	} else {
		s.insertAs(a, string(spec.ID))
	}
	if !spec.Created.IsZero() {
		a.created = stamp(spec.Created)
	}
	return AccountID(FormatID(a.id))
}

// insertAs stores an account under an id that it had before.
func (s *Server) insertAs(a *account, id string) {
	n, ok := ParseID(id)
	if !ok || n == 0 || s.accounts[n] != nil {
		panic("stalwarttest: this ID cannot be given: " + id)
	}
	next := s.nextID
	s.nextID = n - 1
	s.insert(a)
	s.nextID = max(next, n)
	slices.Sort(s.order)
}
