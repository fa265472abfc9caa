package stalwarttest

import (
	"strings"
	"unicode/utf8"
)

// target splits a request target as the server does: the segments of the raw path, and the raw query.
func target(raw string) (segments []string, query string) {
	path, _, _ := strings.Cut(raw, "#")
	path, query, _ = strings.Cut(path, "?")
	return strings.Split(strings.TrimPrefix(path, "/"), "/"), query
}

// unparsable tells whether the target is refused with an empty 400 before any route.
func (v restVersion) unparsable(raw string) bool {
	for _, c := range []byte(raw) {
		if c <= ' ' || c == 0x7f || c >= 0x80 && !v.since(12, 0) {
			return true
		}
	}
	return false
}

// decode reads the name in a segment: raw up to 0.7.1, the key of the first pair of a form up to 0.11.8, percent
// escapes since.
func (v restVersion) decode(segment string) string {
	switch {
	case !v.since(7, 2):
		return segment
	case v.since(12, 0):
		text := unescapePercent(segment)
		if !utf8.ValidString(text) {
			return segment
		}
		return text
	}
	for pair := range strings.SplitSeq(segment, "&") {
		if pair == "" {
			continue
		}
		key, _, _ := strings.Cut(pair, "=")
		return strings.ToValidUTF8(unescapePercent(strings.ReplaceAll(key, "+", " ")), "\uFFFD")
	}
	return ""
}

// unescapePercent decodes escapes; what is none stays as it is.
func unescapePercent(text string) string {
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			high, low := hexDigit(text[i+1]), hexDigit(text[i+2])
			if high >= 0 && low >= 0 {
				out = append(out, byte(high<<4|low))
				i += 2
				continue
			}
		}
		out = append(out, text[i])
	}
	return string(out)
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
