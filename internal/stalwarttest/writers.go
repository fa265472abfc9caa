package stalwarttest

// claimWrites marks the accounts that an x:Account/set changes as being written by this request, until its end. It is
// false when another request in progress writes one of them: the real server asserts the revision of an object and
// answers serverUnavailable then. Here requests that overlap always collide, there about a third of them do.
func (c *call) claimWrites() bool {
	var update object
	var destroy []string
	if c.decode("update", &update) != nil || c.decode("destroy", &destroy) != nil {
		return true // refused later for what it is
	}
	for _, m := range update {
		destroy = append(destroy, m.name)
	}
	for _, id := range destroy {
		if by, busy := c.s.writers[id]; busy && by != c.r.n {
			return false
		}
	}
	for _, id := range destroy {
		c.s.writers[id] = c.r.n
	}
	return true
}

// releaseWrites ends the claims of a request.
func (s *Server) releaseWrites(request int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, by := range s.writers {
		if by == request {
			delete(s.writers, id)
		}
	}
}
