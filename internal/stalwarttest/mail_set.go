package stalwarttest

import (
	"encoding/json"
	"slices"
	"time"
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
	if a == nil {
		c.s.log.deadAccesses++
		return nil, errUnavailable
	}
	return a, nil
}

func (c *call) mailboxSet() (any, *methodError) {
	a, fail := c.living()
	if fail != nil {
		return nil, fail
	}
	st := &a.store
	return c.mailSet(setter{
		object: "Mailbox",
		create: func(_ string, value json.RawMessage) (map[string]any, map[string]any) { return st.createMailbox(value) },
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
		return nil, invalidProperties("name", "A mailbox with this name already exists.")
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

// incoming is one mail of an Email/import or Email/copy.
type incoming struct {
	ID         string          `json:"id"`
	BlobID     string          `json:"blobId"`
	MailboxIDs map[string]bool `json:"mailboxIds"`
	Keywords   map[string]bool `json:"keywords"`
	ReceivedAt *string         `json:"receivedAt"`
}

// add stores an incoming mail in an account and gives what `created` shows.
func (c *call) add(a *account, in incoming, data []byte, fallback time.Time) (created, fail map[string]any) {
	boxes, fail := a.store.mailboxIDs(sortedNames(in.MailboxIDs))
	if fail != nil {
		return nil, fail
	}
	received := fallback
	if in.ReceivedAt != nil {
		t, ok := parseStamp(*in.ReceivedAt)
		if !ok {
			return nil, invalidProperties("receivedAt", "Invalid date.")
		}
		received = t
	}
	m := c.s.addMail(a, data, boxes, sortedNames(in.Keywords), received)
	return map[string]any{"id": FormatID(m.id), "threadId": FormatID(m.thread), "blobId": m.blob, "size": len(m.data)}, nil
}

func (a *account) overQuota(size int) bool {
	limit := a.quotas["maxDiskQuota"]
	return limit > 0 && uint64(a.store.used()+size) > limit
}

// emailImport takes uploads, and blob ids of other accounts. It does not deduplicate.
func (c *call) emailImport() (any, *methodError) {
	a, fail := c.living()
	if fail != nil {
		return nil, fail
	}
	var emails object
	if fail := c.decode("emails", &emails); fail != nil {
		return nil, fail
	}
	if len(emails) > c.s.opt.MaxObjects {
		return nil, errTooLarge
	}
	result := &setResult{body: map[string]any{"accountId": FormatID(c.account), "oldState": a.store.state()}}
	for _, m := range emails {
		created, fail := c.importOne(a, m.value)
		c.record("Email", "import", m.name, nil, fail)
		if fail != nil {
			result.put("notCreated", m.name, fail)
		} else {
			result.put("created", m.name, created)
		}
	}
	result.body["newState"] = a.store.state()
	return result.body, nil
}

func (c *call) importOne(a *account, value json.RawMessage) (created, fail map[string]any) {
	var in incoming
	if json.Unmarshal(value, &in) != nil {
		return nil, invalidProperties("blobId", "Invalid value.")
	}
	if _, fail := a.store.mailboxIDs(sortedNames(in.MailboxIDs)); fail != nil {
		return nil, fail
	}
	data, from, found := c.s.blobs.find(in.BlobID)
	if !found || !c.s.mayOpen(c.who, from) {
		return nil, map[string]any{"type": "blobNotFound", "description": "BlobId " + in.BlobID + " not found."}
	}
	if a.overQuota(len(data)) {
		return nil, map[string]any{"type": "overQuota", "description": "You have exceeded your disk quota."}
	}
	if len(parseHeader(data)) == 0 {
		return nil, map[string]any{"type": "invalidEmail", "description": "Failed to parse e-mail message."}
	}
	return c.add(a, in, data, c.s.opt.Now())
}

// emailCopy copies between accounts. Creation ids outside the id alphabet are dropped without a word.
func (c *call) emailCopy() (any, *methodError) {
	var fromText string
	var create object
	var destroy bool
	for name, target := range map[string]any{"fromAccountId": &fromText, "create": &create, "onSuccessDestroyOriginal": &destroy} {
		if fail := c.decode(name, target); fail != nil {
			return nil, fail
		}
	}
	from, ok := ParseID(fromText)
	if !ok {
		return nil, &methodError{"fromAccountNotFound", "The fromAccountId does not correspond to a valid account"}
	}
	if from == c.account {
		return nil, invalidArguments("From accountId is equal to fromAccountId")
	}
	if !c.s.mayOpen(c.who, from) {
		return nil, &methodError{"forbidden", "You do not have access to account " + fromText}
	}
	a, fail := c.living()
	if fail != nil {
		return nil, fail
	}
	result := &setResult{body: map[string]any{"accountId": FormatID(c.account), "fromAccountId": fromText, "oldState": a.store.state()}}
	var copied []uint64
	for _, m := range create {
		if _, ok := ParseID(m.name); !ok {
			continue
		}
		created, source, fail := c.copyOne(a, from, m)
		c.record("Email", "copy", m.name, m.value, fail)
		if fail != nil {
			result.put("notCreated", m.name, fail)
			continue
		}
		copied = append(copied, source)
		result.put("created", m.name, created)
	}
	result.body["newState"] = a.store.state()
	if !destroy {
		return result.body, nil
	}
	return []answer{{"Email/copy", result.body, ""}, c.destroyCopied(from, copied)}, nil
}

func (c *call) copyOne(a *account, from uint64, m member) (created map[string]any, source uint64, fail map[string]any) {
	missing := map[string]any{"type": "notFound", "description": "Item " + m.name + " not found in account " + FormatID(from) + "."}
	var in incoming
	if json.Unmarshal(m.value, &in) != nil {
		return nil, 0, invalidProperties("id", "Invalid value.")
	}
	src := c.s.accounts[from]
	id, ok := ParseID(in.ID)
	if src == nil || !ok {
		return nil, 0, missing
	}
	i := slices.IndexFunc(src.store.mails, func(have *mail) bool { return have.id == id })
	if i < 0 {
		return nil, 0, missing
	}
	original := src.store.mails[i]
	if a.overQuota(len(original.data)) {
		return nil, 0, map[string]any{"type": "overQuota", "description": "Account quota exceeded."}
	}
	for _, have := range a.store.mails {
		if have.key() == original.key() { // existingId is not a usable Email id on the real server either
			return nil, 0, map[string]any{"type": "alreadyExists", "existingId": FormatID(have.id & 0xffffffff)}
		}
	}
	created, fail = c.add(a, in, original.data, original.received)
	return created, id, fail
}

func (c *call) destroyCopied(from uint64, ids []uint64) answer {
	if !c.who.may("jmapEmailDestroy") {
		return answer{"error", map[string]any{"type": "forbidden",
			"description": "You are not authorized to create, update or destroy objects of this type"}, ""}
	}
	destroyed := []string{}
	for _, id := range ids {
		if src := c.s.accounts[from]; src != nil && c.s.destroyMail(src, id) == nil {
			destroyed = append(destroyed, FormatID(id))
		}
	}
	return answer{"Email/set", map[string]any{"accountId": FormatID(from), "destroyed": destroyed}, ""}
}

func (c *call) vacationSet() (any, *methodError) {
	a, fail := c.living()
	if fail != nil {
		return nil, fail
	}
	var update map[string]map[string]any
	if fail := c.decode("update", &update); fail != nil {
		return nil, fail
	}
	if fail := c.writePermissions("jmapVacationResponse", 0, len(update), 0); fail != nil {
		return nil, fail
	}
	result := &setResult{body: map[string]any{"accountId": FormatID(c.account), "oldState": a.store.state()}}
	for _, id := range sortedNames(update) {
		if id != "singleton" {
			result.put("notUpdated", id, notFound())
			continue
		}
		full := a.store.vacationJSON()
		for name, value := range update[id] {
			full[name] = value
		}
		a.store.vacation = full
		a.store.changes++
		c.record("VacationResponse", "update", id, nil, nil)
		result.put("updated", id, nil)
	}
	result.body["newState"] = a.store.state()
	return result.body, nil
}
