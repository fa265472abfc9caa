package stalwart

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"syncagent/internal/reconcile"
)

type mergeBox struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	ParentID *string `json:"parentId"`
	Role     *string `json:"role"`
}

// place names a mailbox by where it is: two never share parent and name.
type boxPlace struct{ parent, name string }

func (b mergeBox) place(parent string) boxPlace { return boxPlace{parent, b.Name} }

// mailboxes maps the mailboxes of the messages to those of the other account:
// by role, then by path; what is missing is made.
func (m *merge) mailboxes(ctx context.Context, mails []mergeMail) (map[string]string, error) {
	source, err := m.boxesOf(ctx, m.from)
	if err != nil {
		return nil, err
	}
	target, err := m.boxesOf(ctx, m.into)
	if err != nil {
		return nil, err
	}
	byRole, byPlace := map[string]string{}, map[boxPlace]string{}
	for _, b := range target {
		if b.Role != nil && *b.Role != "" {
			byRole[*b.Role] = b.ID
		}
		byPlace[b.place(orNone(b.ParentID))] = b.ID
	}
	done := map[string]string{}
	var find func(id string, depth int) (string, error)
	find = func(id string, depth int) (string, error) {
		b, ok := source[id]
		switch {
		case done[id] != "":
			return done[id], nil
		case !ok || depth > len(source):
			return "", &NotMergedError{Reason: "a message lies in a mailbox that is not listed"}
		case b.Role != nil && byRole[*b.Role] != "":
			done[id] = byRole[*b.Role]
			return done[id], nil
		}
		parent := ""
		if above := orNone(b.ParentID); above != "" {
			var err error
			if parent, err = find(above, depth+1); err != nil {
				return "", err
			}
		}
		found := byPlace[b.place(parent)]
		if found == "" {
			var err error
			if found, err = m.makeBox(ctx, b, parent); err != nil {
				return "", err
			}
			byPlace[b.place(parent)] = found
		}
		done[id] = found
		return found, nil
	}
	for _, mail := range mails {
		for _, id := range slices.Sorted(maps.Keys(mail.MailboxIDs)) {
			if _, err := find(id, 0); err != nil {
				return nil, err
			}
		}
	}
	return done, nil
}

func (m *merge) boxesOf(ctx context.Context, id reconcile.AccountID) (map[string]mergeBox, error) {
	ids, _, err := m.s.List(ctx, id, "Mailbox")
	if err != nil {
		return nil, err
	}
	out := map[string]mergeBox{}
	_, err = m.s.Objects(ctx, id, "Mailbox", ids, []string{"id", "name", "parentId", "role"}, func(raw json.RawMessage) error {
		var b mergeBox
		if json.Unmarshal(raw, &b) != nil || b.ID == "" {
			return &MalformedError{Reason: "a mailbox without an ID"}
		}
		out[b.ID] = b
		return nil
	})
	return out, err
}

func (m *merge) makeBox(ctx context.Context, b mergeBox, parent string) (string, error) {
	object := args{"name": b.Name}
	if parent != "" {
		object["parentId"] = parent
	}
	item, err := encodeJSON(object)
	if err != nil {
		return "", err
	}
	ids, refusals, err := m.s.Create(ctx, m.into, "Mailbox", []json.RawMessage{item})
	switch {
	case err != nil:
		return "", err
	case refusals[0] != nil:
		return "", &NotMergedError{Reason: "a mailbox", cause: refusals[0]}
	}
	return ids[0], nil
}

func orNone(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
