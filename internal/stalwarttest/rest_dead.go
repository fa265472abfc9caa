package stalwarttest

import (
	"context"
	"slices"
)

// restDead gives what a server before 0.16 keeps under an id without a row. It does not say so: it makes default
// folders there, which stay as rows without an account. From 0.12 on it also answers from its caches what was listed
// before the row went: mailboxes, and ids of mails that are gone.
func (c *call) restDead() *account {
	c.s.log.deadAccesses++
	a := c.s.rest.dead[c.account]
	if a != nil {
		return a
	}
	a = &account{id: c.account, kind: "User", name: "_" + Decimal(AccountID(FormatID(c.account)))}
	a.store.init()
	if g := c.s.ghosts[c.account]; g != nil && c.s.rest.v.since(12, 0) {
		a.store.cachedMails = g.queried
		if g.listed != nil {
			a.store.mailboxes = g.listed
		}
	}
	c.s.rest.dead[c.account] = a
	return a
}

// remember keeps what the caches of the server have of an account before 0.16.
func (g *ghost) remember(st *mailStore) {
	if st.mailboxesListed {
		g.listed = slices.Clone(st.mailboxes)
	}
	if st.mailsListed {
		g.queried = g.mails
	}
}

// cold tells whether the server has to ask the directory about the user of an account and does not find it. From 0.12 on
// some methods answer that they are unavailable then.
func (c *call) cold() bool {
	if c.s.rest == nil || !c.s.rest.v.since(12, 0) || c.account == recoveryAdminID {
		return false
	}
	row := c.s.rest.byID[c.account]
	if row == nil {
		return true
	}
	if row.warm {
		return false
	}
	return !c.s.knownTo(row.name)
}

// knownTo tells whether the directory has somebody of this name.
func (s *Server) knownTo(name string) bool {
	_, found, err := s.opt.Directory.ByLogin(context.Background(), name)
	return found && err == nil
}
