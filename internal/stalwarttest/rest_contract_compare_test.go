package stalwarttest

import (
	"slices"
	"strings"
)

// unifyIDs learns which id here stands for which one of the recording; both directions must stay the same.
func (r *restReplay) unifyIDs(recorded, actual any) {
	switch v := recorded.(type) {
	case map[string]any:
		a, _ := actual.(map[string]any)
		for name, item := range v {
			want, isNumber := item.(float64)
			got, alsoNumber := a[name].(float64)
			if (name == "id" || name == "data") && isNumber && alsoNumber {
				have, known := r.ids[want]
				other, taken := r.back[got]
				if known && have != got || taken && other != want {
					r.t.Errorf("id %v of the recording is %v here, but was %v before", want, got, have)
				}
				r.ids[want], r.back[got] = got, want
				v[name], a[name] = "<id>", "<id>"
				continue
			}
			r.unifyIDs(item, a[name])
		}
	case []any:
		a, _ := actual.([]any)
		for i, item := range v {
			if i < len(a) {
				r.unifyIDs(item, a[i])
			}
		}
	}
}

// plain replaces what cannot be equal: sizes, permissions, what the parser says; and sorts lists without order.
func (r *restReplay) plain(value any, name string) any {
	switch v := value.(type) {
	case map[string]any:
		if capabilities, ok := v["capabilities"].(map[string]any); ok {
			return map[string]any{
				"capabilities": sortedNames(capabilities), "sieve": capabilities["urn:ietf:params:jmap:sieve"],
				"named": v["username"] != "",
			} // a cached login still shows the old name
		}
		out := map[string]any{}
		for member, item := range v {
			switch {
			case member == "secrets" && onlyAppPasswords(item):
			case member == "emails" && byIDReads[r.name]:
			case member == "usedQuota" && item != 0.0, member == "permissions", member == "code":
				out[member] = "<some>"
			case member == "detail" && strings.HasPrefix(toText(item), "Failed to deserialize JSON"):
				out[member] = "Failed to deserialize JSON"
			default:
				out[member] = r.plain(item, member)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, item := range v {
			if name == "secrets" && strings.HasPrefix(toText(item), "$app$") {
				continue // app passwords are not simulated for these versions
			}
			out = append(out, r.plain(item, name))
		}
		if slices.Contains([]string{"emails", "secrets", "roles", "disabledPermissions", "enabledPermissions", "members", "lists"}, name) {
			slices.SortFunc(out, func(a, b any) int { return strings.Compare(toText(a), toText(b)) })
		}
		return out
	}
	return value
}

// byIDReads are recordings in which tokens or JMAP by id read the row anew in between, which changes the addresses that
// are shown; only management requests are replayed here.
var byIDReads = map[string]bool{"suspend": true, "export_by_id": true, "restore_by_id": true}

// onlyAppPasswords tells whether a list has nothing else; these are not simulated for the old versions.
func onlyAppPasswords(list any) bool {
	items, _ := list.([]any)
	return len(items) > 0 && !slices.ContainsFunc(items, func(item any) bool { return !strings.HasPrefix(toText(item), "$app$") })
}
