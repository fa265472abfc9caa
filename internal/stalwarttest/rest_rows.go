package stalwarttest

import (
	"cmp"
	"slices"
	"strings"
)

// restStore is what a server before 0.16 has besides accounts: a table of principals by name.
type restStore struct {
	v      restVersion
	rows   map[string]*principalRow
	byID   map[uint64]*principalRow
	mails  map[string]*principalRow // who owns an address
	dead   map[uint64]*account      // what was written under ids without a row
	lastID uint64
	random uint64
	issued map[uint64]bool
	key    string

	purgeAfter    int64 // the request that started a purge; 0 = none
	bulkDeletes   int
	accountPurges int
	cutDeletes    int
}

// principalRow is one principal: a user, group, domain, list, role or API key. All share one space of names.
type principalRow struct {
	id          uint64
	kind        string // individual, group, domain, list, role, apiKey, superuser …
	name        string
	emails      []string
	secrets     []string
	description string
	roles       []string
	members     []string
	enabled     []string
	disabled    []string
	quota       *uint64
	account     *account // of users and groups
	warm        bool     // its access token is cached: mail does not read it anew
}

func (r *principalRow) clone() *principalRow {
	c := *r
	c.emails, c.secrets, c.roles = slices.Clone(r.emails), slices.Clone(r.secrets), slices.Clone(r.roles)
	c.members, c.enabled, c.disabled = slices.Clone(r.members), slices.Clone(r.enabled), slices.Clone(r.disabled)
	return &c
}

func newRESTStore(generation string) *restStore {
	return &restStore{
		v: parseRESTVersion(generation), rows: map[string]*principalRow{}, byID: map[uint64]*principalRow{},
		mails: map[string]*principalRow{}, dead: map[uint64]*account{}, issued: map[uint64]bool{}, random: 7,
	}
}

// nextID hands out ids: in order up to 0.7 and since 0.12, in no order and from 0 on between. No id comes twice.
func (st *restStore) nextID() uint64 {
	if st.v.since(12, 0) || !st.v.since(8, 0) {
		st.lastID++
		return st.lastID
	}
	for {
		st.random = (st.random*1103515245 + 12345) & 0x7fffffff
		id := (st.random >> 8) % uint64(100+len(st.issued)*2)
		if !st.issued[id] {
			st.issued[id] = true
			return id
		}
	}
}

// stored is a new name as the server keeps it.
func (st *restStore) stored(name string) string {
	if st.v.since(8, 0) {
		return strings.ToLower(name)
	}
	return name
}

// insertRow gives the row an id, and an account if mail can live under it.
func (s *Server) insertRow(r *principalRow) *principalRow {
	st := s.rest
	r.id = st.nextID()
	st.rows[r.name], st.byID[r.id] = r, r
	for _, address := range r.emails {
		st.mails[address] = r
	}
	if r.kind != "individual" && r.kind != "group" && r.kind != "superuser" {
		return r
	}
	a := &account{id: r.id, kind: "User", name: r.name, created: s.now(), locale: "en_US", permissions: permissionSet{kind: "Inherit"}}
	if r.kind == "group" {
		a.kind = "Group"
	}
	a.store.init()
	r.account = a
	s.accounts[a.id] = a
	at, _ := slices.BinarySearchFunc(s.order, a.id, cmp.Compare[uint64])
	s.order = slices.Insert(s.order, at, a.id)
	return r
}

// removeRow takes the row away, and what lives under its id if data is true.
func (s *Server) removeRow(r *principalRow, data bool) {
	st := s.rest
	delete(st.rows, r.name)
	delete(st.byID, r.id)
	for _, address := range r.emails {
		if st.mails[address] == r {
			delete(st.mails, address)
		}
	}
	for _, list := range st.rows {
		list.members = slices.DeleteFunc(list.members, func(m string) bool { return m == r.name })
	}
	if r.account == nil {
		return
	}
	s.ghosts[r.id] = newGhost(r.account)
	s.ghosts[r.id].remember(&r.account.store)
	delete(s.accounts, r.id)
	s.forget(r.id)
	r.account.dropTokens()
	s.log.destroyed(r.id)
	if data {
		s.blobs.unlink(r.id)
	}
}

// replaceRow is storeRow for a PATCH: since 0.11.2 it ends cached logins.
func (s *Server) replaceRow(old, changed *principalRow) {
	s.storeRow(old, changed)
	if old.account != nil && s.rest.v.since(11, 2) {
		old.account.dropTokens()
		old.warm = false
	}
}

// storeRow puts a changed copy in the place of a row; the caller has checked for conflicts.
func (s *Server) storeRow(old, changed *principalRow) {
	st := s.rest
	for _, address := range old.emails {
		delete(st.mails, address)
	}
	for _, address := range changed.emails {
		st.mails[address] = old
	}
	if old.name != changed.name {
		delete(st.rows, old.name)
		st.rows[changed.name] = old
		for _, list := range st.rows {
			for i := range list.members {
				if list.members[i] == old.name {
					list.members[i] = changed.name
				}
			}
		}
		s.log.renamed(old.id)
	}
	*old = *changed
	if a := old.account; a != nil {
		a.name = old.name
		a.permissions = permissionSet{kind: "Inherit"}
		if len(old.disabled) > 0 {
			a.permissions = permissionSet{kind: "Merge"}
			for _, p := range old.disabled {
				a.permissions.disabled = append(a.permissions.disabled, camel(p))
			}
		}
	}
}

// camel turns the name of a permission into the form of 0.16, which the mail side here uses.
func camel(name string) string {
	parts := strings.Split(name, "-")
	for i := 1; i < len(parts); i++ {
		if parts[i] != "" {
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "")
}
