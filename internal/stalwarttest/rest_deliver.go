package stalwarttest

import (
	"fmt"
	"slices"
	"strings"
)

// restRecipient is RCPT TO before 0.16: the directory is asked for the address, and the row of the record's name gets
// the mail, whoever that row belonged to before.
func (s *Server) restRecipient(to string) (*account, error) {
	to = strings.ToLower(to)
	domain := to[strings.LastIndexByte(to, '@')+1:]
	s.mu.Lock()
	known := slices.ContainsFunc(s.opt.Domains, func(d Domain) bool { return d.Name == domain })
	if r := s.rest.rows[domain]; r != nil && r.kind == "domain" {
		known = true
	}
	s.mu.Unlock()
	if !known {
		return nil, ErrRelay
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
	kind := "individual"
	if record.Group {
		kind = "group"
	}
	r := s.rowFor(record.Name, kind)
	if err := s.syncRow(r, record, false); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTryLater, err)
	}
	if r.account == nil {
		return nil, ErrNoMailbox
	}
	return r.account, nil
}

// restDeliverList delivers to the members of a list before 0.16, by their names.
func (s *Server) restDeliverList(addr string, message Message) []AccountID {
	list := s.rest.mails[strings.ToLower(addr)]
	if list == nil || list.kind != "list" {
		return nil
	}
	var got []AccountID
	for _, name := range list.members {
		if r := s.rest.rows[name]; r != nil && r.account != nil {
			s.store(r.account, message)
			got = append(got, AccountID(FormatID(r.id)))
		}
	}
	return got
}
