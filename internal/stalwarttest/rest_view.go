package stalwarttest

import (
	"slices"
	"strings"
)

// restAccountOf finds the account of a name, else the owner of an address.
func (s *Server) restAccountOf(text string) (AccountView, bool) {
	r := s.rest.rows[text]
	if r == nil {
		r = s.rest.mails[strings.ToLower(text)]
	}
	if r == nil || r.account == nil {
		return AccountView{}, false
	}
	return s.view(r.account), true
}

// restView adds what only the row of an account knows: its addresses without its name, and whether it is an
// administrator's.
func (s *Server) restView(v *AccountView, id uint64) {
	r := s.rest.byID[id]
	if r == nil {
		return
	}
	for _, address := range r.emails {
		if address != r.name {
			v.Aliases = append(v.Aliases, address)
		}
	}
	v.Admin = r.kind == "superuser" || slices.Contains(r.roles, "admin")
	v.Created = "" // these versions tell none
}
