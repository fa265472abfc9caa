package stalwart

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"syncagent/internal/reconcile"
)

// Contents counts what is in an account, through JMAP of the same server. JMAP
// answers for IDs that do not exist as if they were empty: the account is looked
// up by name before and after, and its used quota, told there, counts too. Known
// is false where a part could not be read, and always on 0.12 and 0.13, whose
// calendars and contacts JMAP does not show. It must not be called in a dry run:
// the server makes default folders at the first look.
func (s *restServer) Contents(ctx context.Context, id reconcile.AccountID) (reconcile.Contents, error) {
	c := reconcile.Contents{UsedBytes: -1}
	if _, err := s.locate(ctx, id); err != nil {
		return c, fmt.Errorf("look into account %q: %w", string(id), err)
	}
	if s.mail == nil || !s.info.Can.Twin {
		c.MissingWhy = "the login cannot read mail"
		return c, nil
	}
	n, err := number(id)
	if err != nil {
		return c, err
	}
	problems, err := s.countByJMAP(ctx, string(jmapID(n)), &c)
	if err != nil {
		return c, fmt.Errorf("look into account %q: %w", string(id), err)
	}
	after, err := s.locate(ctx, id)
	if err != nil {
		return c, fmt.Errorf("look into account %q: %w", string(id), err)
	}
	switch {
	case after.UsedQuota != nil:
		c.UsedBytes = *after.UsedQuota
	case s.version.since(10, 0):
		c.UsedBytes = 0
	default:
		problems = append(problems, "the used space is not told")
	}
	if !s.version.before(12, 0) && !s.version.since(14, 0) {
		problems = append(problems, "this version does not show calendars and contacts by JMAP")
	}
	c.Known = len(problems) == 0
	c.MissingWhy = strings.Join(problems, "; ")
	return c, nil
}

// countByJMAP counts what JMAP shows.
func (s *restServer) countByJMAP(ctx context.Context, id string, c *reconcile.Contents) (problems []string, err error) {
	one := args{"accountId": id, "calculateTotal": true, "limit": 1}
	calls := []call{
		{"Mailbox/get", args{"accountId": id, "properties": []string{"id", "totalEmails"}}},
		{"Email/query", one},
		{"SieveScript/get", args{"accountId": id, "ids": json.RawMessage("null"), "properties": []string{"id"}}},
	}
	if s.version.since(14, 0) {
		calls = append(calls, call{"ContactCard/query", one}, call{"CalendarEvent/query", one}, call{"FileNode/query", one})
	}
	answers, err := s.mail.do(ctx, false, calls...)
	if err != nil {
		return nil, err
	}
	read := func(what string, i int, count func(answer, string) (int, error)) int {
		if i >= len(answers) {
			return 0
		}
		n, err := count(answers[i], id)
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", what, err))
		}
		return n
	}
	c.Messages = max(read("mailboxes", 0, countInMailboxes), read("messages", 1, countFound))
	c.Scripts = read("Sieve scripts", 2, countListed)
	c.Contacts = read("contacts", 3, countFound)
	c.Events = read("calendars", 4, countFound)
	c.Files = read("files", 5, countFound)
	return problems, nil
}
