package stalwarttest

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

var listableTypes = []string{"individual", "group", "resource", "location", "list", "tenant", "role", "domain", "apiKey", "oauthClient"}

// listRows is the listing: paged from 1, page 0 being the same as 1, limit 0 being none, unknown types being all.
func (s *Server) listRows(c *caller, query string) response {
	q, err := url.ParseQuery(query)
	if err != nil {
		q = url.Values{}
	}
	v := s.rest.v
	types := s.listTypes(q)
	if v.since(10, 0) {
		needed := types
		if len(types) == 0 {
			needed = listableTypes
		}
		for _, kind := range needed {
			if !c.may(permissionKind(kind) + "-list") {
				return restForbidden()
			}
		}
	}
	var rows []*principalRow
	for _, name := range sortedNames(s.rest.rows) {
		r := s.rest.rows[name]
		kind := r.kind
		if kind == "superuser" {
			kind = "individual"
		}
		if (len(types) == 0 || slices.Contains(types, kind)) && s.matchesFilter(r, q.Get("filter")) {
			rows = append(rows, r)
		}
	}
	if !v.since(7, 0) {
		return s.listG2(rows, q)
	}
	total := len(rows)
	page, _ := strconv.Atoi(q.Get("page"))
	limit, _ := strconv.Atoi(q.Get("limit"))
	if limit > 0 {
		begin := min(max(page-1, 0)*limit, total)
		rows = rows[begin:min(begin+limit, total)]
	}
	if v.since(10, 0) && q.Get("count") != "" {
		rows = nil
	}
	items := make([]any, 0, len(rows))
	for _, r := range rows {
		if v.since(10, 0) {
			items = append(items, s.rowJSON(r, wantedFields(q.Get("fields"))))
		} else {
			items = append(items, r.name)
		}
	}
	return jsonResponse(map[string]any{"data": map[string]any{"items": items, "total": total}})
}

// listG2 is the listing of 0.5 and 0.6: an array of names from one on.
func (s *Server) listG2(rows []*principalRow, q url.Values) response {
	names := []string{}
	limit, _ := strconv.Atoi(q.Get("limit"))
	for _, r := range rows {
		if r.name >= q.Get("from") && (limit == 0 || len(names) < limit) {
			names = append(names, r.name)
		}
	}
	return jsonResponse(map[string]any{"data": names})
}

// listTypes gives the valid types that were asked for; none means all.
func (s *Server) listTypes(q url.Values) []string {
	text := q.Get("type")
	known := []string{"individual", "superuser", "group", "resource", "location", "list"}
	if s.rest.v.since(10, 0) {
		if text == "" {
			text = q.Get("types")
		}
		known = append(listableTypes, "superuser")
	}
	var types []string
	parts := strings.Split(text, ",")
	if !s.rest.v.since(10, 0) {
		parts = []string{text}
	}
	for _, kind := range parts {
		if !slices.Contains(known, kind) {
			continue
		}
		if kind == "superuser" && s.rest.v.since(10, 0) {
			kind = "individual"
		}
		types = append(types, kind)
	}
	return types
}

// matchesFilter: a part of the name, since 0.10 or of an address; since 0.12 whole words, where the hits of the
// first word that hits anything count.
func (s *Server) matchesFilter(r *principalRow, filter string) bool {
	v := s.rest.v
	switch {
	case filter == "":
		return true
	case v.since(12, 0):
		for word := range strings.FieldsSeq(filter) {
			hit := false
			for _, other := range s.rest.rows {
				hit = hit || hasWord(other, word)
			}
			if hit {
				return hasWord(r, word)
			}
		}
		return false
	case v.since(10, 0):
		return strings.Contains(r.name, filter) || slices.ContainsFunc(r.emails, func(e string) bool { return strings.Contains(e, filter) })
	}
	return strings.Contains(r.name, filter)
}

func hasWord(r *principalRow, word string) bool {
	split := func(c rune) bool { return c == '@' || c == ' ' }
	for _, text := range append([]string{r.name, r.description}, r.emails...) {
		if text == word || slices.Contains(strings.FieldsFunc(text, split), word) {
			return true
		}
	}
	return false
}
