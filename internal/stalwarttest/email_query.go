package stalwarttest

import (
	"slices"
	"strings"
)

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
	st.mailsListed = true
	ids := slices.Clone(st.cachedMails)
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
	out := map[string]any{
		"accountId": FormatID(c.account), "queryState": state, "canCalculateChanges": true,
		"position": start, "ids": formatIDs(ids[start:min(end, start+queryMaxResults)]),
	}
	if q.totalAsked {
		out["total"] = len(ids)
	}
	return out, nil
}
