package audit

import (
	"regexp"
	"slices"
)

// hidden stands where a secret was.
const hidden = "<secret>"

// secretName fits names of fields that would hold a secret.
var secretName = regexp.MustCompile(`(?i)(^|_)(passwords?|passwd|passphrase|secrets?|tokens?|credentials?|authorization|cookie|dsn|(api|sign|private|access)_?keys?)(_|$)`)

// What looks like a secret inside a text, mostly in error messages of others.
var secretTexts = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`(?i)\b(basic|bearer)[ \t]+[A-Za-z0-9+/=._~-]{8,}`), "$1 " + hidden},
	{regexp.MustCompile(`://[^/\s@]*:[^/\s]*@`), "://" + hidden + "@"},
	{regexp.MustCompile(`(?i)\b(password|passwd|pwd|passphrase|secret|token|api[_-]?key)("?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)`), "$1$2" + hidden},
}

// redactText replaces what looks like a secret.
func redactText(s string) string {
	for _, t := range secretTexts {
		s = t.pattern.ReplaceAllString(s, t.with)
	}
	return s
}

// redactFields gives the fields with secrets replaced; own replaces those that
// the caller knows, and may be nil.
func redactFields(fields map[string]any, own func(string) string) map[string]any {
	clean := make(map[string]any, len(fields))
	hide := func(s string) string {
		if own != nil {
			s = own(s)
		}
		return redactText(s)
	}
	for name, value := range fields {
		switch v := value.(type) {
		case string:
			value = hide(v)
		case []string:
			list := slices.Clone(v)
			for i := range list {
				list[i] = hide(list[i])
			}
			value = list
		}
		clean[name] = value
	}
	return clean
}
