package reconcile

import "strings"

// MatchPattern tells whether a text matches a pattern in which "*" stands for
// any run of characters; letter case does not matter.
func MatchPattern(pattern, text string) bool {
	parts := strings.Split(strings.ToLower(pattern), "*")
	text = strings.ToLower(text)
	if len(parts) == 1 {
		return parts[0] == text
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

// MatchName compares a pattern with a name, an address or a stable ID; a
// pattern without "@" is also compared with the part before the "@".
func MatchName(pattern, name string) bool {
	if name == "" {
		return false
	}
	if MatchPattern(pattern, name) {
		return true
	}
	at := strings.LastIndexByte(name, '@')
	return at >= 0 && !strings.Contains(pattern, "@") && MatchPattern(pattern, name[:at])
}

// EntryMatches tells whether a pattern meets any name, address or the ID of an
// entry.
func EntryMatches(pattern string, e Entry) bool {
	if MatchPattern(pattern, string(e.ID)) {
		return true
	}
	for _, list := range [][]string{e.Names, e.NamesAlso, e.Addresses} {
		for _, name := range list {
			if MatchName(pattern, name) {
				return true
			}
		}
	}
	return false
}
