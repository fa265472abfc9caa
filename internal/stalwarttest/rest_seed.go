package stalwarttest

import (
	"encoding/base64"
	"slices"
	"strconv"
)

// PrincipalSpec describes a principal to be made with [Server.AddPrincipal].
type PrincipalSpec struct {
	Name        string // any text, stored as it is
	Type        string // individual if empty; or group, superuser, domain, list, role, resource …
	Emails      []string
	Roles       []string // of an individual; "user" if nil and the version has roles
	Permissions []string // enabledPermissions
	Description string
}

// AddPrincipal makes a principal on a server before 0.16, as a login or an administrator would, and gives its id in
// the form of JMAP; the management API shows the same number, see [Decimal]. It panics if the name or an address is
// taken: that is a mistake in the test.
func (s *Server) AddPrincipal(spec PrincipalSpec) AccountID {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &principalRow{
		kind: spec.Type, name: spec.Name, emails: slices.Clone(spec.Emails), roles: spec.Roles, enabled: spec.Permissions,
		description: spec.Description,
	}
	if r.kind == "" {
		r.kind = "individual"
	}
	if r.roles == nil && r.kind == "individual" && s.rest.v.since(10, 0) {
		r.roles = []string{"user"}
	}
	if s.rest.rows[r.name] != nil {
		panic("stalwarttest: the name is taken: " + r.name)
	}
	for _, address := range r.emails {
		if s.rest.mails[address] != nil {
			panic("stalwarttest: the address is taken: " + address)
		}
		if s.rest.v.since(10, 0) {
			s.knowDomain(address)
		}
	}
	return AccountID(FormatID(s.insertRow(r).id))
}

// Decimal gives an id as the management API before 0.16 shows it.
func Decimal(id AccountID) string {
	n, _ := ParseID(string(id))
	return strconv.FormatUint(n, 10)
}

// PrincipalNames gives the names of all principals of a type on a server before 0.16, by id.
func (s *Server) PrincipalNames(kind string) map[AccountID]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[AccountID]string{}
	for id, r := range s.rest.byID {
		if r.kind == kind {
			out[AccountID(FormatID(id))] = r.name
		}
	}
	return out
}

// BulkDeletes tells how often the bulk delete was asked for: a careful client never does.
func (s *Server) BulkDeletes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rest.bulkDeletes
}

// AccountPurges tells how often the purge of living accounts was asked for: a careful client never does.
func (s *Server) AccountPurges() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rest.accountPurges
}

// CutDeletes makes the next n deletes on a server before 0.16 end half-way with a closed connection: since 0.15 the row
// is gone and the data is left, before the data is gone and the row is left.
func (s *Server) CutDeletes(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest.cutDeletes = n
}

// startREST makes the domains, which are principals since 0.10.
func (s *Server) startREST() {
	s.rest = newRESTStore(s.opt.Generation)
	if !s.rest.v.since(10, 0) {
		return
	}
	for _, d := range s.opt.Domains {
		s.insertRow(&principalRow{kind: "domain", name: d.Name})
	}
}

// restKey makes the agent's API key: all permissions, or those of Options.AgentKey.
func (s *Server) restKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rest.key != "" {
		return s.rest.key
	}
	r := &principalRow{kind: "apiKey", name: s.opt.Agent, secrets: []string{s.opt.AgentKey.Secret}, enabled: s.opt.AgentKey.Permissions}
	if r.secrets[0] == "" {
		r.secrets[0] = "simulated-key-secret"
	}
	if r.enabled == nil {
		r.roles = []string{"admin"}
	}
	s.insertRow(r)
	s.rest.key = "api_" + base64.StdEncoding.EncodeToString([]byte(r.name+":"+r.secrets[0]))
	return s.rest.key
}

// RemovePrincipal takes a principal away, as an administrator would by hand; it does not count in [Server.Destroys].
func (s *Server) RemovePrincipal(id AccountID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := ParseID(string(id))
	if r := s.rest.byID[n]; r != nil {
		s.removeRow(r, true)
		s.log.destroys[n]--
		delete(s.ghosts, n)
	}
}
