package stalwarttest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

func (r *replay) compareHeaders(i int, e exchange, got http.Header) {
	r.t.Helper()
	for name, want := range e.Response.Headers {
		have := strings.Join(got.Values(name), ", ")
		if name == "retry-after" || name == "ratelimit" { // seconds depend on the moment
			want, have = seconds.ReplaceAllString(want, "${1}n"), seconds.ReplaceAllString(have, "${1}n")
		}
		if want != have {
			r.t.Errorf("exchange %d (%s): header %s is %q, recorded %q", i, e.Name, name, have, want)
		}
	}
}

var wordStart = regexp.MustCompile(`[A-Za-z]+`)

var seconds = regexp.MustCompile(`(^|t=)\d+`)

func decode(data []byte) any {
	if trimmed := bytes.TrimSpace(data); len(trimmed) == 0 || string(trimmed) == "null" {
		return nil
	}
	var value any
	if json.Unmarshal(data, &value) != nil {
		return string(data)
	}
	return value
}

var (
	stampPattern = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
	longID       = regexp.MustCompile(`^[a-z792013]{8,}$`)
)

// volatile members depend on what the server did before, or on its clock; only their type is compared.
var volatile = []string{
	"state", "oldState", "newState", "queryState", "sessionState", "usedDiskQuota", "size", "existingId",
	"dnsZoneFile", "accountCapabilities",
}

// normalise replaces what cannot be equal: times, states, sizes, omitted parts; and sorts what has no order.
func normalise(value any, name string) any {
	switch v := value.(type) {
	case map[string]any:
		if v["type"] == "urn:ietf:params:jmap:error:notRequest" {
			v["detail"] = "<echo of the body>"
		}
		out := map[string]any{}
		for member, item := range v {
			switch {
			case slices.Contains(volatile, member):
				out[member] = "<volatile>"
			case name == "capabilities" && member != "urn:ietf:params:jmap:core":
				out[member] = "<omitted>"
			default:
				out[member] = normalise(item, member)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			out = append(out, normalise(item, name))
		}
		if name == "permissions" || name == "notFound" {
			slices.SortFunc(out, func(a, b any) int { return strings.Compare(toText(a), toText(b)) })
		}
		if len(out) == 3 && out[0] == "Mailbox/get" { // mailboxes have no order
			if body, ok := out[1].(map[string]any); ok {
				sortByID(body["list"])
			}
		}
		return out
	case string:
		switch {
		case stampPattern.MatchString(v):
			return "<time>"
		case name == "description" && strings.HasPrefix(v, "invalid "):
			return "<what the parser says>"
		}
	}
	return value
}

func toText(v any) string { s, _ := v.(string); return s }

func sortByID(list any) {
	items, _ := list.([]any)
	key := func(v any) string {
		m, _ := v.(map[string]any)
		return toText(m["id"]) + toText(m["name"])
	}
	slices.SortFunc(items, func(a, b any) int { return strings.Compare(key(a), key(b)) })
}

// unify learns which long id here stands for which one of the recording, by their places, and replaces them in the
// recorded answer. An id that was learnt before must come again.
func (r *replay) unify(recorded, actual any) any {
	switch v := recorded.(type) {
	case map[string]any:
		a, ok := actual.(map[string]any)
		if !ok {
			return recorded
		}
		for name, item := range v {
			v[name] = r.unify(item, a[name])
		}
	case []any:
		a, ok := actual.([]any)
		if !ok || len(a) != len(v) {
			return recorded
		}
		for i, item := range v {
			v[i] = r.unify(item, a[i])
		}
	case string:
		a, ok := actual.(string)
		if !ok || !longID.MatchString(v) && len(v) != 7 {
			return recorded
		}
		if have, known := r.ids[v]; known {
			return have
		}
		if longID.MatchString(v) && longID.MatchString(a) || strings.HasPrefix(v, "bvqi") {
			r.ids[v] = a
			return a
		}
	}
	return recorded
}

var anyLongID = regexp.MustCompile(`[a-z792013]{8,}`)

// translate replaces the long ids of the recording in a request.
func (r *replay) translate(text string) string {
	return anyLongID.ReplaceAllStringFunc(text, func(id string) string {
		if have, known := r.ids[id]; known {
			return have
		}
		return id
	})
}
