package reconcile

import (
	"strings"
	"unicode"
)

// PersonKey folds the name of a person who approves, so that one person counts
// once: letter case and blanks do not matter.
func PersonKey(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// Persons counts the different people who approved.
func (a Approval) Persons() int {
	seen := map[string]bool{}
	for _, name := range a.By {
		if key := PersonKey(name); key != "" {
			seen[key] = true
		}
	}
	return len(seen)
}

// enough tells whether an approval holds now and enough persons gave it.
func (w *world) enough(a Approval, persons int) bool {
	return a.Expires.After(w.Now) && a.Persons() >= max(1, persons)
}

// personsNeeded is the most that any source asks for: an announced change of
// domain belongs to none.
func (d *decider) personsNeeded() int {
	persons := 1
	for _, s := range d.sources {
		persons = max(persons, s.Policy.Approvals)
	}
	return persons
}
