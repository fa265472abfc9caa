package stalwarttest

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
)

// addressTaken is the failure of a login since 0.10.2: an address that the directory lists for the user belongs to
// another row, so that it cannot be stored. The row of the user exists by then.
type addressTaken struct{ address string }

func (e *addressTaken) Error() string { return "Already exists: " + e.address }

// answer is what JMAP says, with HTTP 200.
func (e *addressTaken) answer() response {
	return jsonResponse(map[string]any{"error": "fieldAlreadyExists", "field": "emails", "value": e.address})
}

// restLogin is a login before 0.16: the directory checks it, and a row with the name that was typed comes into being.
func (s *Server) restLogin(name, secret string) (uint64, error) {
	record, found, err := s.opt.Directory.ByLogin(context.Background(), name)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrDirectoryDown, err)
	}
	if !found || record.Group || secret == "" || subtle.ConstantTimeCompare([]byte(record.Secret), []byte(secret)) == 0 {
		return 0, ErrUnauthorized
	}
	groups := s.groupRecords(record)
	s.mu.Lock()
	defer s.mu.Unlock()
	if record.bind && s.rest.v.since(13, 2) {
		name = record.Name
	}
	for _, group := range groups {
		g := s.rowFor(group.Name, "group")
		if s.rest.v.since(10, 0) && !record.bind && group.Description != "" {
			g.description = group.Description
		}
	}
	r := s.rowFor(name, "individual")
	if err := s.syncRow(r, record, true); err != nil {
		return 0, err
	}
	if slices.Contains(r.disabled, "authenticate") {
		return 0, ErrSuspended
	}
	if r.account == nil {
		return 0, ErrUnauthorized // the name is that of a domain, a list or a role
	}
	return r.id, nil
}

// rowFor gets or makes the row of a name. Up to 0.9 everybody is an individual.
func (s *Server) rowFor(name, kind string) *principalRow {
	name = s.rest.stored(name)
	if r := s.rest.rows[name]; r != nil {
		return r
	}
	r := &principalRow{kind: "individual", name: name}
	if s.rest.v.since(10, 0) {
		r.kind = kind
		if kind == "individual" {
			r.roles = []string{"user"}
		}
	}
	return s.insertRow(r)
}

// groupRecords reads the groups of a record in the directory; of one that is not found only the name is known.
func (s *Server) groupRecords(record Record) []Record {
	groups := make([]Record, 0, len(record.Groups))
	for _, name := range record.Groups {
		group, found, err := s.opt.Directory.ByAddress(context.Background(), name)
		if err != nil || !found {
			group = Record{Name: name}
		}
		groups = append(groups, group)
	}
	return groups
}

// addressesOf are the addresses of a record: a name that is an address, then the aliases.
func addressesOf(record Record) []string {
	var out []string
	if strings.Contains(record.Name, "@") {
		out = append(out, strings.ToLower(record.Name))
	}
	for _, address := range record.Aliases {
		out = append(out, strings.ToLower(address))
	}
	return out
}

// syncRow stores what the directory says, since 0.10. With an SQL directory only a login brings addresses; since 0.14
// aliases are never taken away.
func (s *Server) syncRow(r *principalRow, record Record, login bool) error {
	v := s.rest.v
	if !v.since(10, 0) {
		return nil
	}
	changed := r.clone()
	if record.Description != "" {
		changed.description = record.Description
	}
	if !record.bind && record.Secret != "" {
		changed.secrets = replaceSecret(r.secrets, record.Secret)
	}
	if !v.since(14, 0) && !record.bind && r.quota == nil {
		changed.quota = new(uint64)
	}
	if login || record.bind {
		changed.emails = s.syncedEmails(r, record)
		for _, address := range changed.emails {
			if other := s.rest.mails[address]; other != nil && other != r && v.since(10, 2) {
				return &addressTaken{address} // nothing of the update is stored
			}
		}
		for _, address := range changed.emails {
			s.knowDomain(address)
		}
	} else if v.since(15, 0) && !r.warm && len(r.emails) > 0 {
		// The documented SQL query for addresses runs with an empty name here: the primary address is lost until the
		// next login.
		changed.emails = changed.emails[1:]
	}
	changed.warm = true
	s.storeRow(r, changed)
	return nil
}

// replaceSecret keeps app passwords.
func replaceSecret(have []string, secret string) []string {
	out := []string{secret}
	for _, s := range have {
		if strings.HasPrefix(s, "$app$") {
			out = append(out, s)
		}
	}
	return out
}

// syncedEmails are the addresses after a sync. Since 0.14 only the primary one is replaced, and aliases stay.
func (s *Server) syncedEmails(r *principalRow, record Record) []string {
	wanted := addressesOf(record)
	if len(wanted) == 0 {
		return r.emails
	}
	if s.rest.v.since(14, 0) && len(r.emails) > 1 {
		for _, address := range r.emails[1:] {
			if !slices.Contains(wanted, address) {
				wanted = append(wanted, address)
			}
		}
	}
	return wanted
}

// knowDomain makes the domain of an address a principal, as the sync does since 0.10.2.
func (s *Server) knowDomain(address string) {
	domain := address[strings.LastIndexByte(address, '@')+1:]
	if _, known := s.rest.rows[domain]; !known {
		s.insertRow(&principalRow{kind: "domain", name: domain})
	}
}
