package stalwart

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"syncagent/internal/reconcile"
)

// queried are the types that are listed with /query; the others are few and
// come whole with /get.
var queried = []string{"Email", "ContactCard", "CalendarEvent", "FileNode"}

// listPasses is how often a listing is begun again because the account changed.
const listPasses = 5

// Record gives an account's name and its whole record without credentials, or
// a nil record if the server says that there is no such account. The mail
// methods answer for an ID that does not exist as if it were empty (and write
// for it): ask here before and after using them.
func (s *jmapServer) Record(ctx context.Context, id reconcile.AccountID) (name string, record json.RawMessage, err error) {
	found, gone, err := s.Get(ctx, []reconcile.AccountID{id})
	if err != nil {
		return "", nil, err
	}
	if len(gone) > 0 {
		return "", nil, nil
	}
	answers, err := s.do(ctx, false, call{"x:Account/get", args{"ids": []string{string(id)}}})
	if err != nil {
		return "", nil, err
	}
	var got struct {
		List     []map[string]json.RawMessage `json:"list"`
		NotFound []string                     `json:"notFound"`
	}
	if err := answers[0].decode(&got); err != nil {
		return "", nil, err
	}
	if len(got.List) == 0 && slices.Contains(got.NotFound, string(id)) {
		return "", nil, nil
	}
	if len(got.List) != 1 || string(got.List[0]["id"]) != `"`+string(id)+`"` {
		return "", nil, &MalformedError{Reason: fmt.Sprintf("the record of account %q is not in the answer", string(id))}
	}
	delete(got.List[0], "credentials")
	record, err = encodeJSON(got.List[0])
	return found[0].Name, record, err
}

// List gives the IDs of all objects of a type in an account, and a state that
// changes with every change of them. It is complete, or an error.
func (s *jmapServer) List(ctx context.Context, id reconcile.AccountID, kind string) (ids []string, state string, err error) {
	if _, err := idNumber(id); err != nil {
		return nil, "", err
	}
	if kind == KindRaw {
		return nil, "", &NotReadableError{Kind: kind} // JMAP shows everything
	}
	if !slices.Contains(queried, kind) {
		ids, state, err = s.listByGet(ctx, id, kind)
		if err != nil || len(ids) < s.limits.maxObjectsInGet {
			return ids, state, err
		}
		// The server cuts such an answer off without a word.
	}
	for range listPasses {
		var stable bool
		ids, state, stable, err = s.listPass(ctx, id, kind)
		if err != nil || stable {
			return ids, state, err
		}
	}
	return nil, "", &UnreachableError{
		Reason: fmt.Sprintf("the list of %s of account %q changes faster than it can be read", kind, string(id)),
		hint:   "suspend the account first, or try at a quieter time",
	}
}

type mailPage struct {
	AccountID  string            `json:"accountId"`
	State      string            `json:"state"`
	QueryState string            `json:"queryState"`
	IDs        []string          `json:"ids"`
	Total      *int              `json:"total"`
	List       []json.RawMessage `json:"list"`
	NotFound   []string          `json:"notFound"`
}

// mailCall makes one call about an account and insists that the answer is about it.
func (s *jmapServer) mailCall(ctx context.Context, id reconcile.AccountID, method string, a args) (mailPage, error) {
	var page mailPage
	a["accountId"] = string(id)
	answers, err := s.do(ctx, false, call{method, a})
	if err == nil {
		err = answers[0].decode(&page)
	}
	if err == nil && page.AccountID != string(id) {
		err = &MalformedError{Reason: "it looked into another account"}
	}
	if err != nil {
		return page, fmt.Errorf("%s of account %q: %w", method, string(id), err)
	}
	return page, nil
}

func (s *jmapServer) listByGet(ctx context.Context, id reconcile.AccountID, kind string) ([]string, string, error) {
	page, err := s.mailCall(ctx, id, kind+"/get", args{"ids": nil, "properties": []string{"id"}})
	if err != nil {
		return nil, "", err
	}
	if page.List == nil || page.State == "" {
		return nil, "", &MalformedError{Reason: kind + "/get gives no list"}
	}
	var ids []string
	for _, raw := range page.List {
		key, err := objectKey(raw)
		if err != nil {
			return nil, "", err
		}
		ids = append(ids, key)
	}
	slices.Sort(ids)
	return ids, page.State, nil
}

// listPass reads all pages once; stable is false if something changed meanwhile.
func (s *jmapServer) listPass(ctx context.Context, id reconcile.AccountID, kind string) (ids []string, state string, stable bool, err error) {
	seen := map[string]bool{}
	for {
		a := args{"position": len(ids), "limit": pageSize, "calculateTotal": true}
		if kind == "Email" {
			a["sort"] = []args{{"property": "receivedAt", "isAscending": true}}
		}
		page, err := s.mailCall(ctx, id, kind+"/query", a)
		if err != nil {
			return nil, "", false, err
		}
		if page.IDs == nil || page.QueryState == "" || page.Total == nil {
			return nil, "", false, &MalformedError{Reason: kind + "/query gives no list with state and total"}
		}
		if len(ids) == 0 {
			state = page.QueryState
		}
		if page.QueryState != state {
			return nil, "", false, nil
		}
		for _, key := range page.IDs {
			if seen[key] {
				return nil, "", false, nil
			}
			seen[key] = true
		}
		ids = append(ids, page.IDs...)
		if len(ids) >= *page.Total || len(page.IDs) == 0 {
			return ids, state, len(ids) == *page.Total, nil
		}
	}
}

// Objects gives objects by ID in the order of ids, with these properties (nil:
// all). missing counts those that the server says it does not have; one that it
// says nothing about is an error. An error of yield ends it and is returned.
func (s *jmapServer) Objects(ctx context.Context, id reconcile.AccountID, kind string, ids, properties []string,
	yield func(json.RawMessage) error,
) (missing int, err error) {
	if _, err := idNumber(id); err != nil {
		return 0, err
	}
	batch := min(getBatch, s.limits.maxObjectsInGet)
	if properties == nil {
		batch = min(batch, writeBatch) // whole objects, such as cards with photographs, may be large
	}
	for part := range slices.Chunk(ids, batch) {
		a := args{"ids": part}
		if properties != nil {
			a["properties"] = properties
		}
		page, err := s.mailCall(ctx, id, kind+"/get", a)
		if err != nil {
			return missing, err
		}
		byKey := map[string]json.RawMessage{}
		for _, raw := range page.List {
			key, err := objectKey(raw)
			if err != nil {
				return missing, err
			}
			byKey[key] = raw
		}
		for _, key := range part {
			raw, ok := byKey[key]
			switch {
			case ok:
				if err := yield(raw); err != nil {
					return missing, err
				}
			case slices.Contains(page.NotFound, key):
				missing++
			default:
				return missing, &MalformedError{Reason: kind + "/get says nothing about an ID"}
			}
		}
	}
	return missing, nil
}

func objectKey(raw json.RawMessage) (string, error) {
	var o struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(raw, &o) != nil || o.ID == "" {
		return "", &MalformedError{Reason: "an object without an ID"}
	}
	return o.ID, nil
}
