package stalwarttest

import (
	"errors"
	"fmt"
	"slices"
)

// Answers of a login or a delivery, as people and mail servers see them.
var (
	ErrUnauthorized  = errors.New("401: you have to authenticate first")
	ErrSuspended     = errors.New("403: you do not have enough permissions")
	ErrDirectoryDown = errors.New("500: the directory does not answer")
	ErrNoMailbox     = errors.New("550 5.1.2 Mailbox does not exist")
	ErrRelay         = errors.New("550 5.1.2 Relay not allowed")
	ErrTryLater      = errors.New("451 4.4.3 Unable to verify address at this time")
	ErrBounced       = errors.New("accepted, then bounced: 550 5.5.0 This account is not authorized to receive email")
)

// errCreate is the failure of making an account for a directory record.
var errCreate = errors.New("failed to create account from directory")

// synchronize creates or updates the account of a directory record. The record is identified by its primary address
// alone, which may be the name or an enabled alias of an account that belongs to somebody else: this is the leak that
// syncagent closes, and it is simulated as it is.
func (s *Server) synchronize(record Record) (*account, error) {
	key, ok := s.parseAddress(record.Name)
	if !ok {
		return nil, fmt.Errorf("%w: domain of %s is not in the server", errCreate, record.Name)
	}
	groups := s.synchronizeGroups(record.Groups)
	if a := s.resolve(key); a != nil {
		s.update(a, record, groups)
		return a, nil
	}
	a := &account{kind: "User", name: key.local, domain: key.domain}
	if _, taken := s.conflict(a.addresses(), owner{}); taken {
		return nil, errCreate // a disabled alias, or a mailing list
	}
	if record.Group {
		a.kind = "Group"
	} else {
		if !record.bind {
			a.setPassword(record.Secret)
		}
		a.groups = groups
	}
	a.aliases = s.freeAliases(record.Aliases)
	if record.Description != "" {
		a.description = &record.Description
	}
	s.insert(a)
	return a, nil
}

// update brings an existing account up to date: secret, description, groups, and aliases that are free. Aliases are
// never removed; name, domain, quotas, roles and permissions never touched.
func (s *Server) update(a *account, record Record, groups []uint64) {
	if a.kind == "User" {
		if !record.bind && a.setPassword(record.Secret) {
			a.dropTokens()
		}
		if record.Groups != nil {
			a.groups = groups
		}
	}
	if record.Description != "" {
		a.description = &record.Description
	}
	before := a.addresses()
	if added := s.freeAliases(record.Aliases); added != nil {
		a.aliases = append(a.aliases, added...)
		s.claim(owner{"Account", a.id}, before, a.addresses())
	}
}

// freeAliases gives those addresses that nobody has in the registry. A new account is not in it yet: if the directory
// lists the primary address among the aliases, as tables made for 0.15 do, the account gets its own address as an
// alias, and a rename of the name alone frees nothing.
func (s *Server) freeAliases(texts []string) []alias {
	var free []alias
	var seen []address
	for _, text := range texts {
		key, ok := s.parseAddress(text)
		if _, taken := s.keys[key]; !ok || taken || slices.Contains(seen, key) {
			continue
		}
		free = append(free, alias{enabled: true, name: key.local, domain: key.domain})
		seen = append(seen, key)
	}
	return free
}

// synchronizeGroups gives the ids of the groups, making those that do not exist. Their own directory records are not read.
func (s *Server) synchronizeGroups(addresses []string) []uint64 {
	var ids []uint64
	for _, text := range addresses {
		key, ok := s.parseAddress(text)
		if !ok {
			continue
		}
		g := s.resolve(key)
		if g == nil {
			g = &account{kind: "Group", name: key.local, domain: key.domain}
			if _, taken := s.conflict(g.addresses(), owner{}); taken {
				continue
			}
			s.insert(g)
		}
		if g.kind == "Group" {
			ids = append(ids, g.id)
		}
	}
	return ids
}
