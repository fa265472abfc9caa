package archive

import (
	"context"
	"encoding/json"
)

// node is something with a place in a tree: a mailbox or a file node.
type node struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	ParentID *string `json:"parentId"`
	Role     *string `json:"role"`
	BlobID   *string `json:"blobId"`
	Type     *string `json:"type"`
	Size     int64   `json:"size"`
}

// place names a node by where it is: two nodes never share parent and name.
type place struct{ parent, name string }

func placeOf(parent *string, name string) place {
	if parent == nil {
		return place{"", name}
	}
	return place{*parent, name}
}

// mailboxes finds the account's mailboxes by role, then by name below the same
// parent, and makes the others.
func (r *restore) mailboxes(ctx context.Context) error {
	byRole, byPlace := map[string]string{}, map[place]string{}
	err := r.present(ctx, "Mailbox", partOf("Mailbox").properties, func(raw json.RawMessage) error {
		var n node
		if err := json.Unmarshal(raw, &n); err != nil {
			return err
		}
		if n.Role != nil && *n.Role != "" {
			byRole[*n.Role] = n.ID
		}
		byPlace[placeOf(n.ParentID, n.Name)] = n.ID
		return nil
	})
	if err != nil {
		return err
	}
	type mailbox struct {
		node
		SortOrder    int  `json:"sortOrder"`
		IsSubscribed bool `json:"isSubscribed"`
	}
	var all []mailbox
	if err := readArray(r.src, "mailboxes.json", func(m mailbox) error { all = append(all, m); return nil }); err != nil {
		return err
	}
	r.ids["Mailbox"] = map[string]string{}
	return downwards(all, func(m mailbox) node { return m.node }, func(m mailbox) error {
		parent, ok := r.under("Mailbox", m.ParentID)
		if !ok {
			r.problem("Mailbox", m.ID, m.Name, errNoParent)
			return nil
		}
		found := byPlace[placeOf(parent, m.Name)]
		object := map[string]any{"name": m.Name, "parentId": parent, "sortOrder": m.SortOrder, "isSubscribed": m.IsSubscribed}
		if m.Role != nil && *m.Role != "" {
			object["role"] = *m.Role
			if byRole[*m.Role] != "" {
				found = byRole[*m.Role]
			}
		}
		if found != "" {
			r.ids["Mailbox"][m.ID] = found
			r.exists("Mailbox")
			return nil
		}
		made, err := r.createOne(ctx, "Mailbox", m.ID, m.Name, object)
		if made != "" {
			r.ids["Mailbox"][m.ID] = made
		}
		return err
	})
}

// under gives the parent in the account of an archived object.
func (r *restore) under(kind string, parent *string) (*string, bool) {
	if parent == nil || *parent == "" {
		return nil, true
	}
	id, ok := r.ids[kind][*parent]
	return &id, ok
}

// downwards calls visit for parents before their children; those whose parent
// is not there at all come last.
func downwards[T any](all []T, of func(T) node, visit func(T) error) error {
	seen := map[string]bool{}
	for open := all; len(open) > 0; {
		var later []T
		for _, v := range open {
			n := of(v)
			if n.ParentID != nil && *n.ParentID != "" && !seen[*n.ParentID] {
				later = append(later, v)
				continue
			}
			seen[n.ID] = true
			if err := visit(v); err != nil {
				return err
			}
		}
		if len(later) == len(open) { // a loop, or a parent that does not exist
			for _, v := range later {
				if err := visit(v); err != nil {
					return err
				}
			}
			return nil
		}
		open = later
	}
	return nil
}
