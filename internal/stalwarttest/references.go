package stalwarttest

import (
	"encoding/json"
	"strings"
)

// resolveReferences replaces arguments like "#ids" by parts of earlier answers (RFC 8620 section 3.7).
func resolveReferences(args map[string]json.RawMessage, before []answer) (map[string]json.RawMessage, *methodError) {
	resolved := make(map[string]json.RawMessage, len(args))
	for name, raw := range args {
		if !strings.HasPrefix(name, "#") {
			resolved[name] = raw
			continue
		}
		var ref struct{ ResultOf, Name, Path string }
		if json.Unmarshal(raw, &ref) != nil {
			return nil, invalidArguments("invalid result reference")
		}
		value, found := lookup(before, ref.ResultOf, ref.Name, ref.Path)
		if !found {
			return nil, &methodError{
				"invalidResultReference",
				"Result reference to " + ref.ResultOf + "#" + ref.Name + " not found.",
			}
		}
		resolved[name[1:]] = value
	}
	return resolved, nil
}

func lookup(before []answer, id, name, path string) (json.RawMessage, bool) {
	for _, a := range before {
		if a.id != id || a.name != name {
			continue
		}
		data, err := json.Marshal(a.body)
		if err != nil {
			return nil, false
		}
		var value any
		if json.Unmarshal(data, &value) != nil {
			return nil, false
		}
		value, found := pointer(value, strings.Split(strings.TrimPrefix(path, "/"), "/"))
		if !found {
			return nil, false
		}
		data, err = json.Marshal(value)
		return data, err == nil
	}
	return nil, false
}

// pointer evaluates a JSON pointer in which "*" maps the rest over an array and flattens the result.
func pointer(value any, path []string) (any, bool) {
	if len(path) == 0 {
		return value, true
	}
	switch v := value.(type) {
	case map[string]any:
		next, found := v[unescape(path[0])]
		if !found {
			return nil, false
		}
		return pointer(next, path[1:])
	case []any:
		if path[0] != "*" {
			return nil, false
		}
		out := []any{}
		for _, item := range v {
			part, found := pointer(item, path[1:])
			if !found {
				return nil, false
			}
			if list, ok := part.([]any); ok {
				out = append(out, list...)
			} else {
				out = append(out, part)
			}
		}
		return out, true
	}
	return nil, false
}

func unescape(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
}
