package stalwarttest

import (
	"slices"
)

// mailSet runs a /set on the contents of an account and adds the states.
func (c *call) mailSet(st setter, state func() string) (any, *methodError) {
	before := state()
	st.prefix = "jmap"
	body, fail := c.setObjects(st)
	if full, ok := body.(map[string]any); ok {
		full["oldState"], full["newState"] = before, state()
	}
	return body, fail
}

// living gives the addressed account, or the error that the server gives for ids without one.
func (c *call) living() (*account, *methodError) {
	a := c.s.accounts[c.account]
	if a == nil && c.s.rest != nil {
		return c.restDead(), nil
	}
	if a == nil {
		c.s.log.deadAccesses++
		return nil, errUnavailable
	}
	return a, nil
}

func invalidProperties(property, description string) map[string]any {
	return map[string]any{"type": "invalidProperties", "description": description, "properties": []string{property}}
}

// emailSet only destroys and changes keywords and mailboxes as a whole.
func (c *call) emailSet() (any, *methodError) {
	a, fail := c.living()
	if fail != nil {
		return nil, fail
	}
	return c.mailSet(setter{
		object:  "Email",
		update:  func(id uint64, patch object) map[string]any { return a.store.updateMail(id, patch) },
		destroy: func(id uint64) map[string]any { return c.s.destroyMail(a, id) },
	}, a.store.state)
}

func (s *Server) destroyMail(a *account, id uint64) map[string]any {
	i := slices.IndexFunc(a.store.mails, func(m *mail) bool { return m.id == id })
	if i < 0 {
		return notFound()
	}
	s.blobs.release(a.store.mails[i].blob)
	a.store.mails = slices.Delete(a.store.mails, i, i+1)
	a.store.changes++
	return nil
}

func (st *mailStore) updateMail(id uint64, patch object) map[string]any {
	i := slices.IndexFunc(st.mails, func(m *mail) bool { return m.id == id })
	if i < 0 {
		return notFound()
	}
	changed := *st.mails[i]
	for _, p := range patch {
		items, ok := setItems(p.value)
		switch {
		case p.name == "keywords" && ok:
			changed.keywords = items
		case p.name == "mailboxIds" && ok:
			ids, fail := st.mailboxIDs(items)
			if fail != nil {
				return fail
			}
			changed.mailboxes = ids
		default:
			return invalidProperties(p.name, "Invalid property or value.")
		}
	}
	*st.mails[i] = changed
	st.changes++
	return nil
}

func (st *mailStore) mailboxIDs(texts []string) ([]uint64, map[string]any) {
	if len(texts) == 0 {
		return nil, invalidProperties("mailboxIds", "Message must belong to at least one mailbox.")
	}
	var ids []uint64
	for _, text := range texts {
		id, ok := ParseID(text)
		if !ok || st.mailboxByID(id) == nil {
			return nil, invalidProperties("mailboxIds", "Mailbox "+text+" does not exist.")
		}
		ids = append(ids, id)
	}
	return ids, nil
}
