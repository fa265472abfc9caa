package config

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// excerpts shows lines of the file in problems, without anything that may be a
// secret: a mistake such as a password written into the file must not end up in
// a terminal log or a support ticket.
type excerpts struct {
	lines []string
	// parsed is false if the file is not valid YAML; then less is shown.
	parsed bool
	// hidden tells from which column on a line must not be shown.
	hidden map[int]int
	// spots are all nodes of the file, to find out where a value ends.
	spots []spot
}

// maxProblems is how many problems are told at once.
const maxProblems = 200

type spot struct {
	mark
	secret bool
}

var (
	secretWord  = regexp.MustCompile(`(?i)(pass|pwd|secret|token|key|dsn|credential|sign|auth|bind)`)
	urlUserinfo = regexp.MustCompile(`://\S*@`)
	ageSecret   = regexp.MustCompile(`(?i)AGE-SECRET-KEY-[A-Z0-9-]*`)
)

func newExcerpts(data []byte, root *yaml.Node) *excerpts {
	x := &excerpts{
		lines:  strings.Split(ageSecret.ReplaceAllString(string(data), "…"), "\n"),
		parsed: root != nil,
		hidden: map[int]int{},
	}
	if root != nil {
		x.collect(root, wholeTree(), false)
		x.hide()
	}
	return x
}

// collect notes every node; secret are the scalars where a secret is wanted,
// and all those under keys that nobody knows.
func (x *excerpts) collect(n *yaml.Node, known keyTree, secret bool) {
	switch n.Kind {
	case yaml.ScalarNode:
		x.spots = append(x.spots, spot{markOf(n), secret || known.secret()})
	case yaml.SequenceNode:
		x.spots = append(x.spots, spot{markOf(n), false})
		for _, child := range n.Content {
			x.collect(child, known, secret)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			x.spots = append(x.spots, spot{markOf(n.Content[i]), secret})
			next, isKnown := known.child(n.Content[i].Value)
			x.collect(n.Content[i+1], next, secret || !isKnown)
		}
	}
}

// hide marks for each secret what is between it and the next node.
func (x *excerpts) hide() {
	slices.SortStableFunc(x.spots, func(a, b spot) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	for i, s := range x.spots {
		if !s.secret {
			continue
		}
		end := mark{len(x.lines) + 1, 1}
		if i+1 < len(x.spots) {
			end = x.spots[i+1].mark
		}
		x.hideFrom(s.line, s.column)
		for line := s.line + 1; line < end.line; line++ {
			x.hideFrom(line, 1)
		}
		if end.line > s.line && !x.startsLine(end) {
			x.hideFrom(end.line, 1)
		}
	}
}

func (x *excerpts) hideFrom(line, column int) {
	if old, ok := x.hidden[line]; !ok || column < old {
		x.hidden[line] = column
	}
}

// startsLine tells that nothing but punctuation stands before a node.
func (x *excerpts) startsLine(at mark) bool {
	if at.line > len(x.lines) {
		return true
	}
	runes := []rune(x.lines[at.line-1])
	before := string(runes[:min(len(runes), max(0, at.column-1))])
	return strings.Trim(before, " \t-{[?'\"") == ""
}

// finish puts names and excerpts into problems, drops those told twice, and
// sorts them.
func (x *excerpts) finish(list []Problem, file string) []Problem {
	sortProblems(list)
	out := make([]Problem, 0, len(list))
	for _, p := range list[:min(len(list), maxProblems)] {
		p.File = file
		if p.Message != isRequired { // there is no line to show
			p.Excerpt = x.line(p.Line)
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// line gives one line as far as it may be shown.
func (x *excerpts) line(number int) string {
	if number < 1 || number > len(x.lines) {
		return ""
	}
	text := strings.ToValidUTF8(x.lines[number-1], "?")
	if column, ok := x.hidden[number]; ok {
		runes := []rune(text)
		text = string(runes[:min(len(runes), column-1)])
		if strings.TrimSpace(text) == "" {
			return ""
		}
		text += "…"
	}
	if !x.parsed {
		key, _, isPair := strings.Cut(text, ":")
		switch {
		case !isPair:
			return ""
		case secretWord.MatchString(text):
			text = key + ": …"
		}
	}
	return printable(urlUserinfo.ReplaceAllString(strings.TrimSpace(text), "://…@"))
}

// printable cuts a long line and takes control characters out.
func printable(text string) string {
	const longest = 120
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}
