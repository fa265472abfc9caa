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

var rowFields = []string{"name", "type", "quota", "usedQuota", "description", "secrets", "emails", "memberOf", "members", "tenant",
	"roles", "lists", "enabledPermissions", "disabledPermissions"}

// wantedFields gives the known fields of a list; nil means all.
func wantedFields(text string) []string {
	var out []string
	for f := range strings.SplitSeq(text, ",") {
		if slices.Contains(rowFields, f) {
			out = append(out, f)
		}
	}
	return out
}

// rowJSON shows a principal, with these fields only unless they are nil.
func (s *Server) rowJSON(r *principalRow, fields []string) map[string]any {
	used := 0
	if r.account != nil {
		used = r.account.store.used()
	}
	if !s.rest.v.since(10, 0) {
		return map[string]any{"id": r.id, "type": r.kind, "quota": 0, "usedQuota": used, "name": r.name, "emails": notNil(r.emails),
			"secrets": []string{}, "memberOf": []string{}, "members": []string{}, "description": nil}
	}
	out := map[string]any{"id": r.id, "type": r.kind}
	put := func(field string, value any, present bool) {
		if present && (fields == nil || slices.Contains(fields, field)) {
			out[field] = value
		}
	}
	text := func(field string, list []string) {
		if len(list) == 1 && !s.rest.v.since(12, 0) && (field == "emails" || field == "secrets") {
			put(field, list[0], true)
			return
		}
		// From 0.12 to 0.13 these two are shown even if they are empty.
		// Before, an empty list stays visible if a PATCH has set it.
		shown := (field == "emails" || field == "secrets") && s.rest.v.since(12, 0) && !s.rest.v.since(14, 0) ||
			field == "emails" && list != nil && !s.rest.v.since(12, 0)
		put(field, notNil(list), len(list) > 0 || shown)
	}
	put("name", r.name, true)
	text("emails", r.emails)
	text("secrets", r.secrets)
	text("roles", r.roles)
	text("enabledPermissions", r.enabled)
	text("disabledPermissions", r.disabled)
	text("lists", s.listsOf(r))
	put("description", r.description, r.description != "")
	put("usedQuota", used, used > 0)
	if r.quota != nil {
		put("quota", *r.quota, *r.quota > 0 || !s.rest.v.since(14, 0))
	}
	if r.kind == "domain" {
		put("members", s.domainMembers(r.name), true)
	} else {
		text("members", r.members)
	}
	return out
}

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (s *Server) listsOf(r *principalRow) []string {
	var out []string
	for _, name := range sortedNames(s.rest.rows) {
		if list := s.rest.rows[name]; list.kind == "list" && slices.Contains(list.members, r.name) {
			out = append(out, name)
		}
	}
	return out
}

// domainMembers counts the addresses in a domain.
func (s *Server) domainMembers(domain string) int {
	n := 0
	for address := range s.rest.mails {
		if strings.HasSuffix(address, "@"+domain) {
			n++
		}
	}
	return n
}

// createRow is POST: with an external directory not for users.
func (s *Server) createRow(r *request, c *caller) response {
	var in struct {
		Type, Name, Description                 string
		Secrets, Emails, Members, Roles         []string
		EnabledPermissions, DisabledPermissions []string
	}
	if !decodeBody(r, &in) {
		return s.undecodable("expected an object")
	}
	v := s.rest.v
	switch {
	case v.since(10, 0) && !c.may(permissionKind(in.Type)+"-create"):
		return restForbidden()
	case v.since(9, 0) && (in.Type == "individual" || !v.since(10, 0)):
		return s.restError("unsupported", map[string]any{"details": s.directoryKind() +
			" directory cannot be managed. Only internal directories support inserts and update operations."})
	case !v.since(9, 0):
		return s.restError("unsupportedDirectoryOperation", map[string]any{"class": s.directoryKind()})
	}
	name := v.storedName(in.Name)
	if s.rest.rows[name] != nil {
		return s.taken("name", name)
	}
	row := s.insertRow(&principalRow{kind: in.Type, name: name, description: in.Description, secrets: in.Secrets, emails: in.Emails,
		members: in.Members, roles: in.Roles, enabled: in.EnabledPermissions, disabled: in.DisabledPermissions})
	return jsonResponse(map[string]any{"data": row.id})
}

func (v restVersion) storedName(name string) string { return (&restStore{v: v}).stored(name) }

// directoryKind is how errors call the external directory.
func (s *Server) directoryKind() string {
	if d, ok := s.opt.Directory.(*MapDirectory); ok && d.LDAP {
		return "LDAP"
	}
	return "SQL"
}
