package stalwart

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"syncagent/internal/reconcile"
)

// Contents counts what is in an account. Known is false, with the reason, if any
// part could not be read. It must not be called in a dry run: the server makes
// the default mailboxes of an account at the first look. Errors: NotFoundError
// (also if the account vanished meanwhile: the counts would be those of a
// ghost), and those of requests.
func (s *jmapServer) Contents(ctx context.Context, id reconcile.AccountID) (reconcile.Contents, error) {
	// The mail methods answer for an ID that does not exist as if it were empty,
	// and even write rows for it: ask in a request of its own first.
	if _, err := s.getAccount(ctx, id); err != nil {
		return reconcile.Contents{}, fmt.Errorf("look into account %q: %w", string(id), err)
	}
	one := args{"accountId": string(id), "calculateTotal": true, "limit": 1}
	answers, err := s.do(ctx, false,
		call{"Mailbox/get", args{"accountId": string(id), "properties": []string{"id", "totalEmails"}}},
		call{"Email/query", one},
		call{"ContactCard/query", one},
		call{"CalendarEvent/query", one},
		call{"FileNode/query", one},
		call{"SieveScript/get", args{"accountId": string(id), "ids": nil, "properties": []string{"id"}}},
		call{"x:Account/get", args{"ids": []string{string(id)}, "properties": []string{"id", "usedDiskQuota"}}})
	if err != nil {
		return reconcile.Contents{}, fmt.Errorf("look into account %q: %w", string(id), err)
	}
	c := reconcile.Contents{UsedBytes: -1}
	var after getAnswer[account]
	if err := answers[6].decode(&after); err != nil {
		return c, fmt.Errorf("look into account %q: %w", string(id), err)
	}
	if len(after.List) != 1 || after.List[0].ID != string(id) {
		return c, fmt.Errorf("look into account %q: %w", string(id), &NotFoundError{Account: id})
	}
	var problems []string
	read := func(what string, a answer, count func(answer, string) (int, error)) int {
		n, err := count(a, string(id))
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", what, err))
		}
		return n
	}
	c.Messages = max(read("mailboxes", answers[0], countInMailboxes), read("messages", answers[1], countFound))
	c.Contacts = read("contacts", answers[2], countFound)
	c.Events = read("calendars", answers[3], countFound)
	c.Files = read("files", answers[4], countFound)
	c.Scripts = read("Sieve scripts", answers[5], countListed)
	if used := after.List[0].UsedDiskQuota; used != nil {
		c.UsedBytes = *used
	} else {
		problems = append(problems, "the used space is not told")
	}
	c.Known = len(problems) == 0
	c.MissingWhy = strings.Join(problems, "; ")
	return c, nil
}

// contentAnswer is what the answers about contents have in common.
type contentAnswer struct {
	AccountID string            `json:"accountId"`
	IDs       []string          `json:"ids"`
	Total     *int              `json:"total"`
	List      []json.RawMessage `json:"list"`
}

// decodeFor reads an answer and insists that it is about the account.
func decodeFor(a answer, id string) (contentAnswer, error) {
	var c contentAnswer
	if err := a.decode(&c); err != nil {
		return c, err
	}
	if c.AccountID != id {
		return c, &MalformedError{Reason: "it looked into another account"}
	}
	return c, nil
}

// countFound counts the hits of a query; where the total is not told, the one
// ID that was asked for shows that there is something.
func countFound(a answer, id string) (int, error) {
	c, err := decodeFor(a, id)
	switch {
	case err != nil:
		return 0, err
	case c.IDs == nil:
		return 0, &MalformedError{Reason: a.method + " gives no list"}
	case c.Total != nil:
		return max(*c.Total, len(c.IDs)), nil
	}
	return len(c.IDs), nil
}

// countListed counts the objects of a get.
func countListed(a answer, id string) (int, error) {
	c, err := decodeFor(a, id)
	if err == nil && c.List == nil {
		err = &MalformedError{Reason: a.method + " gives no list"}
	}
	return len(c.List), err
}

// countInMailboxes adds up the messages of all mailboxes.
func countInMailboxes(a answer, id string) (int, error) {
	c, err := decodeFor(a, id)
	if err != nil {
		return 0, err
	}
	sum := 0
	for _, raw := range c.List {
		var m struct {
			TotalEmails *int `json:"totalEmails"`
		}
		if json.Unmarshal(raw, &m) != nil || m.TotalEmails == nil {
			return sum, &MalformedError{Reason: "a mailbox does not tell its total"}
		}
		sum += *m.TotalEmails
	}
	return sum, nil
}
