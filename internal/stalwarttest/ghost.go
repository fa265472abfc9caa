package stalwarttest

// ghost is what the caches still answer for a destroyed account: mailboxes with their old totals, ids of mails.
type ghost struct {
	mailboxes []map[string]any
	mails     []uint64
	state     string
	listed    []*mailbox // before 0.16: the mailboxes, if they were listed
	queried   []uint64   // and the mails
}

func newGhost(a *account) *ghost {
	g := &ghost{state: a.store.state()}
	for _, m := range a.store.mailboxes {
		g.mailboxes = append(g.mailboxes, a.store.mailboxJSON(m))
	}
	for _, m := range a.store.mails {
		g.mails = append(g.mails, m.id)
	}
	return g
}

// mailOf gives the store of the addressed account. Of an id without account (dead or never used) it gives what the
// real server answers from its caches: the last mailboxes, or new default ones, and no mail.
func (c *call) mailOf() (st *mailStore, dead *ghost) {
	if a := c.s.accounts[c.account]; a != nil {
		return &a.store, nil
	}
	if c.account == recoveryAdminID {
		st := &mailStore{}
		st.init()
		return st, nil
	}
	if c.s.rest != nil {
		return &c.restDead().store, nil
	}
	c.s.log.deadAccesses++
	g := c.s.ghosts[c.account]
	if g == nil {
		g = &ghost{state: "n"}
		st := &mailStore{}
		for _, m := range defaultMailboxes() {
			g.mailboxes = append(g.mailboxes, st.mailboxJSON(m))
		}
		c.s.ghosts[c.account] = g
	}
	return nil, g
}

// DeadAccesses counts method calls on mail of accounts that do not exist: a careful client makes none.
func (s *Server) DeadAccesses() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.deadAccesses
}
