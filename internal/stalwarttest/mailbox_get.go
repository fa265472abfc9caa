package stalwarttest

import (
	"slices"
)

func (c *call) mailboxGet() (any, *methodError) {
	st, dead := c.mailOf()
	if dead == nil {
		st.mailboxesListed = true
		dead = &ghost{state: st.state(), mailboxes: c.visibleMailboxes(st)}
	}
	byID, ids := map[uint64]map[string]any{}, []uint64{}
	for _, full := range dead.mailboxes {
		text, _ := full["id"].(string)
		id, _ := ParseID(text)
		byID[id] = full
		ids = append(ids, id)
	}
	return c.listObjects(dead.state, ids, func(id uint64) map[string]any { return byID[id] })
}

// visibleMailboxes are all of an account for its owner, its group members and impersonators; the shared inbox for
// somebody with whom it is shared.
func (c *call) visibleMailboxes(st *mailStore) []map[string]any {
	var list []map[string]any
	onlyShared := c.who.account != nil && c.account != c.who.id() && !c.who.may("impersonate") && !containsID(c.who.account.groups, c.account)
	for _, m := range st.mailboxes {
		full := st.mailboxJSON(m)
		if onlyShared {
			if m.id != inboxID {
				continue
			}
			full["myRights"] = st.shares[c.who.id()]
		}
		list = append(list, full)
	}
	return list
}

func (st *mailStore) mailboxJSON(m *mailbox) map[string]any {
	total, unread := 0, 0
	threads, unreadThreads := map[uint64]bool{}, map[uint64]bool{}
	for _, e := range st.mails {
		if !slices.Contains(e.mailboxes, m.id) {
			continue
		}
		total++
		threads[e.thread] = true
		if !slices.Contains(e.keywords, "$seen") {
			unread++
			unreadThreads[e.thread] = true
		}
	}
	full := map[string]any{
		"id": FormatID(m.id), "name": m.name, "role": nil, "parentId": nil, "sortOrder": 0,
		"totalEmails": total, "unreadEmails": unread, "totalThreads": len(threads), "unreadThreads": len(unreadThreads),
		"isSubscribed": false, "myRights": mailboxRights(allMailboxRights...), "shareWith": map[string]any{},
	}
	if m.role != "" {
		full["role"] = m.role
	}
	if m.parent != nil {
		full["parentId"] = FormatID(*m.parent)
	}
	if m.id == inboxID {
		shares := map[string]any{}
		for id, granted := range st.shares {
			shares[FormatID(id)] = granted
		}
		full["shareWith"] = shares
	}
	return full
}

var allMailboxRights = []string{
	"mayReadItems", "mayAddItems", "mayRemoveItems", "maySetSeen", "maySetKeywords",
	"mayCreateChild", "mayRename", "maySubmit", "mayDelete", "mayShare",
}

// mailboxRights is an object of all rights with those granted set to true.
func mailboxRights(granted ...string) map[string]bool {
	rights := map[string]bool{}
	for _, name := range allMailboxRights {
		rights[name] = slices.Contains(granted, name)
	}
	return rights
}
