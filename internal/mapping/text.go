package mapping

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fold is the form in which names, addresses and words are compared: blanks
// trimmed, lower case, as reconcile.NameRules does it.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// clean trims blanks off a value and tells whether it can be used at all: text
// with control characters, exotic white space at its ends or broken UTF-8
// never becomes a name or an address. Only blanks are trimmed, because that is
// what a directory's own comparison ignores or can be told to ignore.
func clean(value string) (string, bool) {
	value = strings.Trim(value, " ")
	if value != strings.TrimSpace(value) || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return "", false
	}
	return value, true
}

func containsFold(list []string, value string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return fold(s) == fold(value) })
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// unique drops later values that differ from an earlier one by case only.
func unique(values []string) []string {
	seen := make(map[string]bool, len(values))
	var out []string
	for _, v := range values {
		if !seen[fold(v)] {
			seen[fold(v)] = true
			out = append(out, v)
		}
	}
	return out
}
