package stalwarttest

import (
	"slices"
	"strings"
	"time"
)

// mailMethods lists the methods on the contents of an account.
func mailMethods(table map[string]method) {
	add := func(capability, name string, run func(*call) (any, *methodError)) {
		object, verb, _ := strings.Cut(name, "/")
		permission := "jmap" + object + strings.ToUpper(verb[:1]) + verb[1:]
		if verb == "set" {
			permission = "" // checked per operation
		}
		table[name] = method{"urn:ietf:params:jmap:" + capability, permission, run}
	}
	add("mail", "Mailbox/get", (*call).mailboxGet)
	add("mail", "Mailbox/set", (*call).mailboxSet)
	add("mail", "Email/query", (*call).emailQuery)
	add("mail", "Email/get", (*call).emailGet)
	add("mail", "Email/set", (*call).emailSet)
	add("mail", "Email/import", (*call).emailImport)
	add("mail", "Email/copy", (*call).emailCopy)
	add("vacationresponse", "VacationResponse/get", (*call).vacationGet)
	add("vacationresponse", "VacationResponse/set", (*call).vacationSet)
	add("quota", "Quota/get", (*call).quotaGet)
	for object, capability := range map[string]string{"SieveScript": "sieve", "Identity": "submission",
		"AddressBook": "contacts", "ContactCard": "contacts", "Calendar": "calendars", "CalendarEvent": "calendars",
		"FileNode": "filenode"} {
		add(capability, object+"/get", (*call).itemGet)
		add(capability, object+"/set", (*call).itemSet)
		switch object {
		case "ContactCard", "CalendarEvent", "FileNode", "SieveScript":
			add(capability, object+"/query", (*call).itemQuery)
		}
	}
	table["Principal/query"] = method{"urn:ietf:params:jmap:principals", "jmapPrincipalQuery",
		func(*call) (any, *methodError) { return nil, errNotAllowed }}
	table["Core/echo"] = method{"urn:ietf:params:jmap:core", "jmapCoreEcho",
		func(c *call) (any, *methodError) { return c.args, nil }}
}

// listObjects is the standard /get of mail types: like the registry's, plus a state.
func (c *call) listObjects(state string, ids []uint64, one func(uint64) map[string]any) (any, *methodError) {
	body, fail := c.getObjects(getter{all: func() []uint64 { return ids }, one: one})
	if fail != nil {
		return nil, fail
	}
	if full, ok := body.(map[string]any); ok {
		full["state"] = state
	}
	return body, nil
}

func (c *call) mailboxGet() (any, *methodError) {
	st, dead := c.mailOf()
	if dead == nil {
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
	onlyShared := c.account != c.who.id() && !c.who.may("impersonate") && !containsID(c.who.account.groups, c.account)
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
	full := map[string]any{"id": FormatID(m.id), "name": m.name, "role": nil, "parentId": nil, "sortOrder": 0,
		"totalEmails": total, "unreadEmails": unread, "totalThreads": len(threads), "unreadThreads": len(unreadThreads),
		"isSubscribed": false, "myRights": mailboxRights(allMailboxRights...), "shareWith": map[string]any{}}
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

var allMailboxRights = []string{"mayReadItems", "mayAddItems", "mayRemoveItems", "maySetSeen", "maySetKeywords",
	"mayCreateChild", "mayRename", "maySubmit", "mayDelete", "mayShare"}

// mailboxRights is an object of all rights with those granted set to true.
func mailboxRights(granted ...string) map[string]bool {
	rights := map[string]bool{}
	for _, name := range allMailboxRights {
		rights[name] = slices.Contains(granted, name)
	}
	return rights
}

func (c *call) emailGet() (any, *methodError) {
	st, dead := c.mailOf()
	if dead != nil {
		return c.listObjects(dead.state, nil, func(uint64) map[string]any { return nil })
	}
	var ids []uint64
	byID := map[uint64]*mail{}
	for _, m := range st.mails {
		ids = append(ids, m.id)
		byID[m.id] = m
	}
	return c.listObjects(st.state(), ids, func(id uint64) map[string]any {
		if m := byID[id]; m != nil {
			return m.json()
		}
		return nil
	})
}

func (m *mail) json() map[string]any {
	return map[string]any{"id": FormatID(m.id), "blobId": m.blob, "threadId": FormatID(m.thread),
		"mailboxIds": set(formatIDs(m.mailboxes)), "keywords": set(m.keywords), "size": len(m.data),
		"receivedAt": stamp(m.received), "subject": m.subject, "messageId": []string{strings.Trim(m.messageID, "<>")},
		"from": []any{map[string]any{"name": nil, "email": strings.Trim(m.from, "<>")}},
		"to":   []any{map[string]any{"name": nil, "email": strings.Trim(m.to, "<>")}}, "hasAttachment": false}
}

func (c *call) emailQuery() (any, *methodError) {
	st, dead := c.mailOf()
	if dead != nil {
		return c.pageIDs(dead.state, dead.mails)
	}
	var filter struct{ InMailbox, Before, After, Subject *string }
	if fail := c.decode("filter", &filter); fail != nil {
		return nil, fail
	}
	mails := slices.Clone(st.mails)
	mails = slices.DeleteFunc(mails, func(m *mail) bool {
		return filter.InMailbox != nil && !slices.Contains(formatIDs(m.mailboxes), *filter.InMailbox) ||
			filter.Subject != nil && !strings.Contains(strings.ToLower(m.subject), strings.ToLower(*filter.Subject)) ||
			filter.Before != nil && stamp(m.received) >= *filter.Before || filter.After != nil && stamp(m.received) < *filter.After
	})
	var order []sortArg
	if fail := c.decode("sort", &order); fail != nil {
		return nil, fail
	}
	if len(order) > 0 {
		if order[0].Property != "receivedAt" && order[0].Property != "size" {
			return nil, &methodError{"unsupportedSort", order[0].Property}
		}
		slices.SortStableFunc(mails, func(a, b *mail) int { return a.received.Compare(b.received) })
		if order[0].IsAscending != nil && !*order[0].IsAscending {
			slices.Reverse(mails)
		}
	}
	ids := make([]uint64, 0, len(mails))
	for _, m := range mails {
		ids = append(ids, m.id)
	}
	return c.pageIDs(st.state(), ids)
}

// pageIDs is the standard paging of RFC 8620: position or inclusive anchor, and a limit.
func (c *call) pageIDs(state string, ids []uint64) (any, *methodError) {
	q, fail := c.queryArgs()
	if fail != nil {
		return nil, fail
	}
	start := 0
	switch {
	case q.anchor != nil:
		if start = slices.Index(ids, *q.anchor); start < 0 {
			return nil, &methodError{"anchorNotFound", "An anchor argument was supplied, but it cannot be found in " +
				"the results of the query."}
		}
		if q.offset != nil {
			start += *q.offset
		}
	case q.position != nil && *q.position < 0:
		start = len(ids) + *q.position
	case q.position != nil:
		start = *q.position
	}
	start = max(0, min(start, len(ids)))
	end := len(ids)
	if q.limit != nil {
		end = min(end, start+*q.limit)
	}
	out := map[string]any{"accountId": FormatID(c.account), "queryState": state, "canCalculateChanges": true,
		"position": start, "ids": formatIDs(ids[start:min(end, start+queryMaxResults)])}
	if q.totalAsked {
		out["total"] = len(ids)
	}
	return out, nil
}

// vacation gives the singleton with its defaults.
func (st *mailStore) vacationJSON() map[string]any {
	full := map[string]any{"isEnabled": false, "fromDate": nil, "toDate": nil, "subject": nil, "textBody": nil, "htmlBody": nil}
	if st != nil {
		for name, value := range st.vacation {
			full[name] = value
		}
	}
	return full
}

func (c *call) vacationGet() (any, *methodError) {
	st, dead := c.mailOf()
	state := "n"
	if dead == nil {
		state = st.state()
	}
	body, fail := c.getSingleton(st.vacationJSON())
	if full, ok := body.(map[string]any); ok {
		full["state"] = state
	}
	return body, fail
}

// SetVacation sets the vacation response of an account.
func (s *Server) SetVacation(id AccountID, enabled bool, subject, textBody string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.mustAccount(id).store
	st.vacation = map[string]any{"isEnabled": enabled, "subject": subject, "textBody": textBody}
	st.changes++
}

func (c *call) quotaGet() (any, *methodError) {
	st, dead := c.mailOf()
	if dead != nil {
		return nil, errUnavailable
	}
	a := c.s.accounts[c.account]
	if a == nil || a.quotas["maxDiskQuota"] == 0 {
		return c.listObjects("n", nil, func(uint64) map[string]any { return nil })
	}
	full := map[string]any{"id": "a", "resourceType": "octets", "used": st.used(), "hardLimit": a.quotas["maxDiskQuota"],
		"scope": "account", "name": c.s.emailAddress(a.name, a.domain), "types": []string{"Email", "SieveScript", "FileNode"}, "description": nil,
		"softLimit": nil, "warnLimit": nil}
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

func parseStamp(text string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil
}
