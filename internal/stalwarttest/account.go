package stalwarttest

import (
	"cmp"
	"slices"
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

// dropTokens makes cached logins of the account authenticate again, as Stalwart's access token invalidation does.
func (a *account) dropTokens() { a.revision++ }

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

// forget takes a destroyed account out of the ordered list of ids.
func (s *Server) forget(id uint64) {
	if i, found := slices.BinarySearchFunc(s.order, id, cmp.Compare[uint64]); found {
		s.order = slices.Delete(s.order, i, i+1)
	}
}
