package stalwarttest

import (
	"encoding/json"
	"time"
)

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
	if c.cold() {
		return nil, errUnavailable
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
