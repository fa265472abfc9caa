package stalwarttest

import (
	"encoding/json"
	"slices"
)

func (c *call) mailboxSet() (any, *methodError) {
	a, fail := c.living()
	if fail != nil {
		return nil, fail
	}
	st := &a.store
	return c.mailSet(setter{
		object: "Mailbox",
		create: func(_ string, value json.RawMessage) (map[string]any, map[string]any) {
			created, fail := st.createMailbox(value)
			if fail["description"] == siblingExists && c.s.rest != nil {
				var in struct{ Name string }
				_ = json.Unmarshal(value, &in) // it was read before
				fail["description"] = "A mailbox with name '" + in.Name + "' already exists."
			}
			return created, fail
		},
		update: func(id uint64, patch object) map[string]any { return st.updateMailbox(id, patch) },
		destroy: func(id uint64) map[string]any {
			i := slices.IndexFunc(st.mailboxes, func(m *mailbox) bool { return m.id == id })
			if i < 0 {
				return notFound()
			}
			if slices.ContainsFunc(st.mails, func(m *mail) bool { return slices.Contains(m.mailboxes, id) }) {
				return map[string]any{"type": "mailboxHasEmail", "description": "Mailbox is not empty."}
			}
			st.mailboxes = slices.Delete(st.mailboxes, i, i+1)
			st.changes++
			return nil
		},
	}, st.state)
}

const siblingExists = "A mailbox with this name already exists."

func (st *mailStore) createMailbox(value json.RawMessage) (created, fail map[string]any) {
	var in struct {
		Name     string
		ParentID *string `json:"parentId"`
		Role     *string
	}
	if json.Unmarshal(value, &in) != nil || in.Name == "" {
		return nil, invalidProperties("name", "Missing name.")
	}
	parent, ok := st.parentOf(in.ParentID)
	if !ok {
		return nil, invalidProperties("parentId", "Parent ID does not exist.")
	}
	if st.siblingNamed(in.Name, parent) {
		return nil, invalidProperties("name", siblingExists)
	}
	m := st.addMailbox(in.Name, parent)
	if in.Role != nil {
		m.role = *in.Role
	}
	return map[string]any{"id": FormatID(m.id)}, nil
}

func (st *mailStore) parentOf(text *string) (parent *uint64, ok bool) {
	if text == nil {
		return nil, true
	}
	id, ok := ParseID(*text)
	return &id, ok && st.mailboxByID(id) != nil
}

func (st *mailStore) siblingNamed(name string, parent *uint64) bool {
	return slices.ContainsFunc(st.mailboxes, func(m *mailbox) bool {
		same := m.parent == nil && parent == nil || m.parent != nil && parent != nil && *m.parent == *parent
		return same && m.name == name
	})
}

func (st *mailStore) updateMailbox(id uint64, patch object) map[string]any {
	m := st.mailboxByID(id)
	if m == nil {
		return notFound()
	}
	changed := *m
	for _, p := range patch {
		ok := true
		switch p.name {
		case "name":
			ok = json.Unmarshal(p.value, &changed.name) == nil && changed.name != ""
		case "parentId":
			var text *string
			ok = json.Unmarshal(p.value, &text) == nil
			if ok {
				changed.parent, ok = st.parentOf(text)
			}
		case "role":
			ok = json.Unmarshal(p.value, &changed.role) == nil
		case "sortOrder", "isSubscribed":
		default:
			ok = false
		}
		if !ok {
			return invalidProperties(p.name, "Invalid property or value.")
		}
	}
	*m = changed
	st.changes++
	return nil
}
