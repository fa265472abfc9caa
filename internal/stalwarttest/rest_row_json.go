package stalwarttest

import (
	"slices"
	"strings"
)

var rowFields = []string{
	"name", "type", "quota", "usedQuota", "description", "secrets", "emails", "memberOf", "members", "tenant",
	"roles", "lists", "enabledPermissions", "disabledPermissions",
}

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
		return map[string]any{
			"id": r.id, "type": r.kind, "quota": 0, "usedQuota": used, "name": r.name, "emails": notNil(r.emails),
			"secrets": []string{}, "memberOf": []string{}, "members": []string{}, "description": nil,
		}
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
