package stalwarttest

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// Login does what an IMAP or HTTP login without cached credentials does: an app password is checked in the registry,
// any other secret by the directory, and a success creates or updates the account. The error is ErrUnauthorized,
// ErrSuspended or ErrDirectoryDown.
func (s *Server) Login(name, secret string) (AccountID, error) {
	who, err := s.login(name, secret)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !who.may("authenticate") {
		return "", ErrSuspended
	}
	return AccountID(FormatID(who.id())), nil
}

// login finds out who it is; whether they may do anything is checked by the caller.
func (s *Server) login(name, secret string) (*token, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if strings.HasPrefix(secret, "app_") {
		return s.loginApp(name, secret)
	}
	record, found, err := s.opt.Directory.ByLogin(context.Background(), name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDirectoryDown, err)
	}
	if !found || secret == "" || subtle.ConstantTimeCompare([]byte(record.Secret), []byte(secret)) == 0 {
		return nil, ErrUnauthorized
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.synchronize(record)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnauthorized, err)
	}
	return &token{account: a}, nil
}

func (s *Server) loginApp(name, secret string) (*token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.Contains(name, "@") { // bare names get the default domain, for app passwords only
		name += "@" + s.opt.Domains[0].Name
	}
	key, ok := s.parseAddress(name)
	if !ok {
		return nil, ErrUnauthorized
	}
	if a := s.resolve(key); a != nil {
		for _, cr := range a.credentials {
			if cr.kind == "AppPassword" && cr.secret == secret {
				return cr.token(a), nil
			}
		}
	}
	return nil, ErrUnauthorized
}

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
	a.aliases = s.freeAliases(a, record.Aliases)
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
	if added := s.freeAliases(a, record.Aliases); added != nil {
		a.aliases = append(a.aliases, added...)
		s.claim(owner{"Account", a.id}, before, a.addresses())
	}
}

// freeAliases gives those addresses that nobody uses, not even the account itself.
func (s *Server) freeAliases(a *account, texts []string) []alias {
	var free []alias
	own := a.addresses()
	for _, text := range texts {
		key, ok := s.parseAddress(text)
		if _, taken := s.keys[key]; !ok || taken || slices.Contains(own, key) {
			continue
		}
		free = append(free, alias{enabled: true, name: key.local, domain: key.domain})
		own = append(own, key)
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

// Deliver does what LMTP does for one recipient. RCPT asks the directory and creates or updates the account of the
// record found, even if no mail follows; the mail then goes to whatever account the *address* leads to, which need
// not be the same. The error is ErrNoMailbox, ErrRelay, ErrTryLater or ErrBounced.
func (s *Server) Deliver(to string, message Message) error {
	a, err := s.recipient(to)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.kind == "User" && !a.may("emailReceive") {
		return ErrBounced
	}
	s.store(a, message)
	return nil
}

// Recipient does only the RCPT TO of a delivery, which is enough to create an account.
func (s *Server) Recipient(to string) error {
	_, err := s.recipient(to)
	return err
}

func (s *Server) recipient(to string) (*account, error) {
	to = strings.ToLower(to)
	s.mu.Lock()
	key, ok := s.parseAddress(to)
	o := s.keys[key]
	s.mu.Unlock()
	if !ok {
		return nil, ErrRelay
	}
	if o.object == "MailingList" {
		return nil, ErrNoMailbox // list expansion: see DeliverList
	}
	record, found, err := s.lookup(to)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTryLater, err)
	}
	if !found {
		return nil, ErrNoMailbox
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.synchronize(record)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTryLater, err)
	}
	if holder := s.resolve(key); holder != nil {
		return holder, nil
	}
	return a, nil
}

// lookup asks the directory for an address, then without its sub-address ("+news").
func (s *Server) lookup(to string) (Record, bool, error) {
	record, found, err := s.opt.Directory.ByAddress(context.Background(), to)
	if found || err != nil {
		return record, found, err
	}
	local, domain, _ := strings.Cut(to, "@")
	base, _, tagged := strings.Cut(local, "+")
	if !tagged || base == "" {
		return Record{}, false, nil
	}
	return s.opt.Directory.ByAddress(context.Background(), base+"@"+domain)
}

// DeliverList delivers to the members of a mailing list. Expansion asks the registry, not the directory: a member whose
// account was renamed gets nothing (the copy bounces). It gives the accounts that received a copy.
func (s *Server) DeliverList(addr string, message Message) []AccountID {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, _ := s.parseAddress(addr)
	o := s.keys[key]
	if o.object != "MailingList" {
		return nil
	}
	var got []AccountID
	for _, text := range s.lists[o.id].recipients {
		if key, ok := s.parseAddress(text); ok {
			if a := s.resolve(key); a != nil && a.may("emailReceive") {
				s.store(a, message)
				got = append(got, AccountID(FormatID(a.id)))
			}
		}
	}
	return got
}

// OpenMailbox logs in as a mail client does and gives the messages of the account, so that a test can prove whose mail
// is opened by whom. Errors are those of [Server.Login].
func (s *Server) OpenMailbox(login, secret string) ([]Message, error) {
	id, err := s.Login(login, secret)
	if err != nil {
		return nil, err
	}
	return s.Messages(id), nil
}
