package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong or risky in a configuration.
type Problem struct {
	File string `json:"file"`
	// Line and Column count from 1; zero where there is no place to show.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Path is the key, such as "sources[0].ldap.urls"; empty for the whole file.
	Path    string `json:"path"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	// Excerpt is the line of the file with everything that may be a secret
	// masked, without its indentation.
	Excerpt string `json:"excerpt,omitempty"`
}

// String renders the problem like a compiler: place, key and message, then the
// line of the file and the hint, each on an indented line of its own.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Excerpt != "" {
		b.WriteString("\n    | " + p.Excerpt)
	}
	if p.Hint != "" {
		b.WriteString("\n    hint: " + p.Hint)
	}
	return b.String()
}

// ProblemsError tells all problems of a configuration at once, in the order of
// the file. There is at least one.
type ProblemsError struct {
	Problems []Problem
}

// Error renders all problems, one after the other.
func (e *ProblemsError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.String()
	}
	return strings.Join(texts, "\n")
}

func sortProblems(list []Problem) {
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path))
	})
}
