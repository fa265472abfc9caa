package stalwarttest

func (c *call) quotaGet() (any, *methodError) {
	st, dead := c.mailOf()
	if dead != nil || c.cold() {
		return nil, errUnavailable
	}
	a := c.s.accounts[c.account]
	if a == nil || a.quotas["maxDiskQuota"] == 0 {
		return c.listObjects("n", nil, func(uint64) map[string]any { return nil })
	}
	full := map[string]any{
		"id": "a", "resourceType": "octets", "used": st.used(), "hardLimit": a.quotas["maxDiskQuota"],
		"scope": "account", "name": c.s.emailAddress(a.name, a.domain), "types": []string{"Email", "SieveScript", "FileNode"}, "description": nil,
		"softLimit": nil, "warnLimit": nil,
	}
	return c.listObjects("n", []uint64{0}, func(id uint64) map[string]any {
		if id == 0 {
			return full
		}
		return nil
	})
}

// SetQuota sets maxDiskQuota in bytes; 0 = none.
func (s *Server) SetQuota(id AccountID, bytes uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustAccount(id)
	a.quotas = nil
	if bytes > 0 {
		a.quotas = map[string]uint64{"maxDiskQuota": bytes}
	}
}
