package stalwarttest

// AccountView is a copy of what a test may want to know about an account.
type AccountView struct {
	ID          AccountID
	Address     string   // primary
	Aliases     []string // in the server's order
	Disabled    []string // those of Aliases that are disabled
	Description string
	Group       bool
	Admin       bool
	Suspended   bool // the permission authenticate is missing
	Created     string
	Groups      []AccountID
	Messages    int // mails
	Credentials int // app passwords and API keys
}

// Account tells about a living account.
func (s *Server) Account(id AccountID) (AccountView, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := ParseID(string(id))
	a := s.accounts[n]
	if a == nil {
		return AccountView{}, false
	}
	return s.view(a), true
}

// AccountOf finds the living account that an address leads to, by primary name or enabled alias; before 0.16 by name,
// else by address.
func (s *Server) AccountOf(addr string) (AccountView, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rest != nil {
		return s.restAccountOf(addr)
	}
	key, ok := s.parseAddress(addr)
	if !ok {
		return AccountView{}, false
	}
	if a := s.resolve(key); a != nil {
		return s.view(a), true
	}
	return AccountView{}, false
}

// Accounts lists the living accounts by ascending id, the agent's own included.
func (s *Server) Accounts() []AccountView {
	s.mu.Lock()
	defer s.mu.Unlock()
	views := make([]AccountView, 0, len(s.order))
	for _, id := range s.order {
		views = append(views, s.view(s.accounts[id]))
	}
	return views
}

func (s *Server) view(a *account) AccountView {
	v := AccountView{
		ID:        AccountID(FormatID(a.id)),
		Address:   s.emailAddress(a.name, a.domain),
		Group:     a.kind == "Group",
		Admin:     a.admin,
		Suspended: a.kind == "User" && !a.may("authenticate"),
		Created:   a.created,
		Messages:  len(a.store.mails),
	}
	if a.description != nil {
		v.Description = *a.description
	}
	for _, al := range a.aliases {
		text := s.emailAddress(al.name, al.domain)
		v.Aliases = append(v.Aliases, text)
		if !al.enabled {
			v.Disabled = append(v.Disabled, text)
		}
	}
	if s.rest != nil {
		s.restView(&v, a.id)
	}
	for _, g := range a.groups {
		v.Groups = append(v.Groups, AccountID(FormatID(g)))
	}
	for _, c := range a.credentials {
		if c.kind != "Password" {
			v.Credentials++
		}
	}
	return v
}
