package stalwart

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"syncagent/internal/reconcile"
)

// object is something that a listing gives.
type object interface{ objectID() string }

type queryAnswer struct {
	AccountID string   `json:"accountId"`
	IDs       []string `json:"ids"`
	Total     *int     `json:"total"`
}

type getAnswer[T object] struct {
	List     []T      `json:"list"`
	NotFound []string `json:"notFound"`
}

// byID sorts ascending. With it, without position and total, the anchor of the
// next page is a key bound: it may be gone, and is not itself in the page.
var byID = []args{{"property": "id", "isAscending": true}}

// listObjects gives all objects with an ID above after, page by page, IDs
// ascending. It ends with an error where the list might not be complete: a page
// that repeats or goes back, an ID without its object, and (from the beginning)
// fewer objects than the server counts. An object that is destroyed meanwhile is
// left out.
func listObjects[T object](ctx context.Context, s *jmapServer, kind string, properties []string, after reconcile.AccountID,
	yield func([]T) error,
) error {
	seen := 0
	last := string(after)
	for attempt := 0; ; attempt++ {
		for {
			page, next, err := readPage[T](ctx, s, kind, properties, last)
			if err != nil {
				return err
			}
			if next == last {
				break
			}
			seen += len(page)
			last = next
			if err := yield(page); err != nil {
				return err
			}
		}
		if after != "" {
			return nil
		}
		total, err := s.count(ctx, kind)
		if err != nil || total <= seen {
			return err
		}
		// Some may have been made just now, above the last one.
		if attempt == 2 {
			return &MalformedError{Reason: fmt.Sprintf("it lists %d of %d objects of %s", seen, total, kind)}
		}
	}
}

// readPage reads the objects after the anchor. It gives the anchor itself as
// next if there are none.
func readPage[T object](ctx context.Context, s *jmapServer, kind string, properties []string, anchor string) (
	page []T, next string, err error,
) {
	query := args{"sort": byID, "limit": min(pageSize, s.limits.maxObjectsInGet)}
	if anchor != "" {
		if _, err := idNumber(reconcile.AccountID(anchor)); err != nil {
			return nil, "", err
		}
		query["anchor"] = anchor
	}
	answers, err := s.do(ctx, false,
		call{kind + "/query", query},
		call{kind + "/get", args{
			"#ids":       args{"resultOf": "0", "name": kind + "/query", "path": "/ids"},
			"properties": properties,
		}})
	if err != nil {
		return nil, "", err
	}
	var found queryAnswer
	if err := answers[0].decode(&found); err != nil {
		return nil, "", err
	}
	ids, err := ascending(found.IDs, anchor)
	if err != nil || len(ids) == 0 {
		return nil, anchor, err
	}
	var got getAnswer[T]
	if err := answers[1].decode(&got); err != nil {
		return nil, "", err
	}
	byKey := index(got.List)
	if missing := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { _, ok := byKey[id]; return ok }); len(missing) > 0 {
		again, _, err := getObjects[T](ctx, s, kind, missing, properties)
		if err != nil {
			return nil, "", err
		}
		maps.Copy(byKey, again)
	}
	for _, id := range ids {
		if o, ok := byKey[id]; ok {
			page = append(page, o)
		}
	}
	return page, ids[len(ids)-1], nil
}

// ascending checks that the IDs of a page are above the anchor and in order. An
// anchor that the server did not understand starts the list again, which looks
// like a page; an inclusive anchor (as in RFC 8620) is dropped.
func ascending(ids []string, anchor string) ([]string, error) {
	if len(ids) > 0 && anchor != "" && ids[0] == anchor {
		ids = ids[1:]
	}
	var last uint64
	if anchor != "" {
		last, _ = idNumber(reconcile.AccountID(anchor)) // checked before it was sent
	}
	for i, id := range ids {
		n, err := idNumber(reconcile.AccountID(id))
		if err != nil {
			return nil, &MalformedError{Reason: "a page lists something that is not an ID"}
		}
		if n <= last && (i > 0 || anchor != "") {
			return nil, &MalformedError{Reason: "a page of the listing repeats or goes back"}
		}
		last = n
	}
	return ids, nil
}

// getObjects gets objects by ID. An ID that is in neither part of the answer is
// asked for once more, then it is an error.
func getObjects[T object](ctx context.Context, s *jmapServer, kind string, ids, properties []string) (
	found map[string]T, gone map[string]bool, err error,
) {
	found, gone = map[string]T{}, map[string]bool{}
	for batch := range slices.Chunk(ids, min(getBatch, s.limits.maxObjectsInGet)) {
		open := batch
		for attempt := 0; len(open) > 0; attempt++ {
			if attempt == 2 {
				return nil, nil, &MalformedError{Reason: fmt.Sprintf("%s/get says nothing about %d of %d IDs", kind, len(open), len(batch))}
			}
			answers, err := s.do(ctx, false, call{kind + "/get", args{"ids": open, "properties": properties}})
			if err != nil {
				return nil, nil, err
			}
			var got getAnswer[T]
			if err := answers[0].decode(&got); err != nil {
				return nil, nil, err
			}
			maps.Copy(found, index(got.List))
			for _, id := range got.NotFound {
				gone[id] = true
			}
			open = slices.DeleteFunc(slices.Clone(open), func(id string) bool { _, ok := found[id]; return ok || gone[id] })
		}
	}
	for id := range found {
		if gone[id] {
			return nil, nil, &MalformedError{Reason: "an ID is both found and not found"}
		}
	}
	return found, gone, nil
}

func index[T object](list []T) map[string]T {
	byKey := make(map[string]T, len(list))
	for _, o := range list {
		byKey[o.objectID()] = o
	}
	return byKey
}

// count asks how many objects there are.
func (s *jmapServer) count(ctx context.Context, kind string) (int, error) {
	answers, err := s.do(ctx, false, call{kind + "/query", args{"limit": 1, "calculateTotal": true}})
	if err != nil {
		return 0, err
	}
	var a queryAnswer
	if err := answers[0].decode(&a); err != nil {
		return 0, err
	}
	if a.Total == nil {
		return 0, &MalformedError{Reason: kind + "/query does not tell the total"}
	}
	return *a.Total, nil
}
