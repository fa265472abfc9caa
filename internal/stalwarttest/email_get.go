package stalwarttest

import (
	"strings"
)

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
	return map[string]any{
		"id": FormatID(m.id), "blobId": m.blob, "threadId": FormatID(m.thread),
		"mailboxIds": set(formatIDs(m.mailboxes)), "keywords": set(m.keywords), "size": len(m.data),
		"receivedAt": stamp(m.received), "subject": m.subject, "messageId": []string{strings.Trim(m.messageID, "<>")},
		"from": []any{map[string]any{"name": nil, "email": strings.Trim(m.from, "<>")}},
		"to":   []any{map[string]any{"name": nil, "email": strings.Trim(m.to, "<>")}}, "hasAttachment": false,
	}
}
