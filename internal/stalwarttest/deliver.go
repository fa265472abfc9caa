package stalwarttest

import (
	"context"
	"fmt"
	"strings"
)

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
	if s.rest != nil {
		return s.restRecipient(to)
	}
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
	if s.rest != nil {
		return s.restDeliverList(addr, message)
	}
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
