package stalwarttest

import (
	"encoding/json"
	"slices"
	"strings"
)

const queryMaxResults = 5000

// row is one object as a query sees it: values gives the indexed values of a property.
type row struct {
	id     uint64
	values func(property string) []string
}

// schema tells what a type can be filtered and sorted by.
type schema struct {
	filters    []string
	idFilters  []string // filters whose value is an id
	properties []string // known properties that cannot be filtered by: another wording of the refusal
	sorts      []string
	slow       bool // never the fast path (x:Task)
	ignore     bool // accept unknown filters (tasks)
}

type sortArg struct {
	Property    string `json:"property"`
	IsAscending *bool  `json:"isAscending"`
}

// queryArgs are the arguments of a /query.
type queryArgs struct {
	filter     json.RawMessage
	sort       []sortArg
	limit      *int
	anchor     *uint64
	offset     *int
	position   *int
	totalAsked bool
}

func (c *call) queryArgs() (q queryArgs, fail *methodError) {
	q.filter = c.args["filter"]
	var anchor *string
	for name, target := range map[string]any{
		"sort": &q.sort, "limit": &q.limit, "anchor": &anchor,
		"anchorOffset": &q.offset, "position": &q.position, "calculateTotal": &q.totalAsked,
	} {
		if f := c.decode(name, target); f != nil {
			return q, f
		}
	}
	if anchor != nil { // an unparsable anchor is ignored: the first page comes again
		if id, ok := ParseID(*anchor); ok {
			q.anchor = &id
		}
	}
	return q, nil
}

// queryObjects is the standard /query of registry objects with its paging traps: in the fast path (sorted by id, no
// total, no anchorOffset, no position 0) the anchor is exclusive and the limit is applied over ascending ids before a
// descending page is reversed; everywhere else anchors are inclusive, as in RFC 8620.
func (c *call) queryObjects(rows []row, sch schema) (any, *methodError) {
	q, fail := c.queryArgs()
	if fail != nil {
		return nil, fail
	}
	match, fail := sch.matcher(q.filter)
	if fail != nil {
		return nil, fail
	}
	kept := slices.DeleteFunc(rows, func(r row) bool { return !match(r) })
	for _, s := range q.sort {
		if s.Property != "id" && !slices.Contains(sch.sorts, s.Property) {
			return nil, &methodError{"unsupportedSort", "Property " + s.Property + " is not supported for sorting"}
		}
	}
	slices.SortFunc(kept, func(a, b row) int { return compareIDs(a.id, b.id) })
	out := map[string]any{"accountId": FormatID(c.account), "queryState": "n", "canCalculateChanges": true, "position": 0}
	byID := len(q.sort) == 0 || q.sort[0].Property == "id"
	if byID && !sch.slow && !q.totalAsked && q.offset == nil && (q.position == nil || *q.position > 0) {
		out["ids"] = formatIDs(fastPage(kept, q))
		return out, nil
	}
	return slowPage(out, kept, q)
}

func compareIDs(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (q queryArgs) pageSize() int {
	if q.limit == nil || *q.limit > queryMaxResults {
		return queryMaxResults
	}
	return max(*q.limit, 1) // limit 0 gives one id
}

// descending is the production default when no sort is given; a sort without isAscending is ascending.
func (q queryArgs) descending() bool {
	return len(q.sort) == 0 || q.sort[0].IsAscending != nil && !*q.sort[0].IsAscending
}

func fastPage(rows []row, q queryArgs) []uint64 {
	start := 0
	if q.anchor != nil {
		for start < len(rows) && rows[start].id <= *q.anchor {
			start++
		}
	} else if q.position != nil {
		start = min(*q.position, len(rows))
	}
	page := rows[start:min(start+q.pageSize(), len(rows))]
	ids := make([]uint64, 0, len(page))
	for _, r := range page {
		ids = append(ids, r.id)
	}
	if q.descending() {
		slices.Reverse(ids)
	}
	return ids
}

func slowPage(out map[string]any, rows []row, q queryArgs) (any, *methodError) {
	if len(q.sort) > 0 && q.sort[0].Property != "id" {
		property := q.sort[0].Property
		slices.SortStableFunc(rows, func(a, b row) int {
			return strings.Compare(strings.Join(a.values(property), " "), strings.Join(b.values(property), " "))
		})
	}
	if q.descending() {
		slices.Reverse(rows)
	}
	start := 0
	switch {
	case q.anchor != nil:
		start = slices.IndexFunc(rows, func(r row) bool { return r.id == *q.anchor })
		if start < 0 {
			return nil, &methodError{"anchorNotFound", "An anchor argument was supplied, but it cannot be found in " +
				"the results of the query."}
		}
		if q.offset != nil {
			start += *q.offset
		}
	case q.position != nil:
		start = *q.position
		if start < 0 {
			start += len(rows)
		}
	}
	start = max(0, min(start, len(rows)))
	page := rows[start:min(start+q.pageSize(), len(rows))]
	ids := make([]uint64, 0, len(page))
	for _, r := range page {
		ids = append(ids, r.id)
	}
	out["ids"], out["position"] = formatIDs(ids), start
	if q.totalAsked {
		out["total"] = len(rows)
	}
	if q.limit != nil && len(rows) > q.pageSize() || len(rows) > queryMaxResults {
		out["limit"] = q.pageSize()
	}
	return out, nil
}

func formatIDs(ids []uint64) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, FormatID(id))
	}
	return out
}
