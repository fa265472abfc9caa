package stalwarttest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

type restOperation struct {
	Action string          `json:"action"`
	Field  string          `json:"field"`
	Value  json.RawMessage `json:"value"`
}

// patchRow is PATCH: all operations are done, or none.
func (s *Server) patchRow(r *request, row *principalRow) response {
	var operations []restOperation
	if !decodeBody(r, &operations) {
		return s.undecodable("expected a sequence")
	}
	v := s.rest.v
	values := make([]any, len(operations))
	for i, o := range operations {
		ok := slices.Contains([]string{"set", "addItem", "removeItem"}, o.Action) && slices.Contains(rowFields, o.Field)
		if values[i] = restValue(o.Value, v); !ok || values[i] == nil {
			return s.undecodable("unknown variant")
		}
		if v.since(7, 0) && !v.since(10, 0) && o.Field != "quota" && o.Field != "description" {
			return s.externalRefused()
		}
		if v.since(10, 0) && !v.since(13, 0) && o.Field == "secrets" {
			return s.externalRefused()
		}
	}
	changed := row.clone()
	for i, o := range operations {
		if refused := s.apply(row, changed, o, values[i]); refused != nil {
			s.noteWrite(r, "update", row, r.body, "refused")
			return *refused
		}
	}
	s.replaceRow(row, changed)
	s.noteWrite(r, "update", row, r.body, "")
	return jsonResponse(map[string]any{"data": nil})
}

// restValue reads a text, a list of texts or a whole number; nil for anything else.
func restValue(raw json.RawMessage, v restVersion) any {
	var text string
	var list []string
	var n uint64
	switch {
	case string(raw) == "null":
		return nil
	case json.Unmarshal(raw, &text) == nil:
		if v.since(10, 0) && len(text) > 512 {
			return nil
		}
		return text
	case json.Unmarshal(raw, &list) == nil:
		return list
	case json.Unmarshal(raw, &n) == nil:
		return n
	}
	return nil
}

func (s *Server) externalRefused() response {
	if s.rest.v.since(9, 0) {
		return s.restError("unsupported", map[string]any{"details": s.directoryKind() +
			" directory cannot be managed. Only internal directories support inserts and update operations."})
	}
	return s.restError("unsupportedDirectoryOperation", map[string]any{"class": s.directoryKind()})
}

// apply does one operation on the copy of a row.
func (s *Server) apply(row, changed *principalRow, o restOperation, value any) *response {
	text, isText := value.(string)
	switch {
	case o.Field == "name" && o.Action == "set" && isText:
		name := strings.ToLower(text)
		if other := s.rest.rows[name]; other != nil && other != row {
			return new(s.taken("name", name))
		}
		changed.name = name
		return nil
	case o.Field == "description" && o.Action == "set" && isText:
		changed.description = text
		return nil
	case o.Field == "quota" && o.Action == "set":
		if n, ok := value.(uint64); ok {
			changed.quota = &n
			return nil
		}
	}
	list := map[string]*[]string{
		"emails": &changed.emails, "secrets": &changed.secrets, "roles": &changed.roles, "members": &changed.members,
		"enabledPermissions": &changed.enabled, "disabledPermissions": &changed.disabled,
	}[o.Field]
	if list == nil || !edit(list, &changed.secrets, o.Action, value) {
		return new(s.restError("other", map[string]any{
			"details": "Invalid parameter",
			"reason":  fmt.Sprintf("Invalid value %s for %s", rustValue(value), o.Field),
		}))
	}
	switch o.Field {
	case "emails":
		return s.checkEmails(row, changed)
	case "enabledPermissions", "disabledPermissions":
		for _, p := range *list {
			if !knownPermissions[camel(p)] && !slices.Contains(restAdminPermissions, p) {
				return new(s.restError("other", map[string]any{
					"details": "Invalid " + o.Field + " value",
					"reason":  fmt.Sprintf("Permission %q is invalid", p),
				}))
			}
		}
	}
	return nil
}

// edit changes a list; secrets is the list of secrets, which has rules of its own.
func edit(list, secrets *[]string, action string, value any) bool {
	text, isText := value.(string)
	many, isList := value.([]string)
	switch {
	case action == "set" && isList:
		*list = slices.Clone(many)
	case action == "set" && isText:
		*list = []string{text}
	case action == "addItem" && isText && list == secrets && !strings.HasPrefix(text, "$"):
		*list = replaceSecret(*list, text) // there is one password only
	case action == "addItem" && isText:
		if !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	case action == "removeItem" && isText:
		*list = slices.DeleteFunc(*list, func(have string) bool { return have == text })
	default:
		return false
	}
	return true
}

// checkEmails refuses addresses of others, and of unknown domains.
func (s *Server) checkEmails(row, changed *principalRow) *response {
	for i, address := range changed.emails {
		address = strings.ToLower(address)
		changed.emails[i] = address
		if other := s.rest.mails[address]; other != nil && other != row {
			return new(s.taken("emails", address))
		}
		domain := address[strings.LastIndexByte(address, '@')+1:]
		if r := s.rest.rows[domain]; s.rest.v.since(10, 0) && (r == nil || r.kind != "domain") {
			return new(s.restError("notFound", map[string]any{"item": domain}))
		}
	}
	return nil
}

// rustValue prints a value as the server's debug output does.
func rustValue(value any) string {
	switch v := value.(type) {
	case string:
		return fmt.Sprintf("String(%q)", v)
	case []string:
		quoted := make([]string, len(v))
		for i, text := range v {
			quoted[i] = fmt.Sprintf("%q", text)
		}
		return "StringList([" + strings.Join(quoted, ", ") + "])"
	}
	return fmt.Sprintf("Integer(%v)", value)
}

// noteWrite puts a change into the journal that [Server.Writes] gives.
func (s *Server) noteWrite(r *request, op string, row *principalRow, value json.RawMessage, fail string) {
	s.log.writes = append(s.log.writes, Write{
		Request: r.n, Object: "Principal", Op: op, Account: AccountID(FormatID(row.id)),
		ID: row.name, Value: slices.Clone(value), Error: fail,
	})
}
