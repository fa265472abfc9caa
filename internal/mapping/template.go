package mapping

import (
	"errors"
	"fmt"
	"strings"
)

// maxNames bounds the candidate names of one template and one entry.
const maxNames = 256

// template is a parsed name template: text and attributes in turn.
type template struct{ parts []part }

// part is an attribute if attribute is set, else literal text.
type part struct{ literal, attribute string }

func parseTemplate(text string) (template, error) {
	text = strings.Trim(text, " ")
	if text == "" {
		return template{}, errors.New(`is missing; for example "{mail}"`)
	}
	if _, ok := clean(text); !ok {
		return template{}, errors.New("contains control characters or broken UTF-8")
	}
	var t template
	var literal strings.Builder
	rest := text
	for rest != "" {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			literal.WriteString(rest)
			break
		}
		literal.WriteString(rest[:open])
		rest = rest[open+1:]
		if strings.HasPrefix(rest, "{") {
			literal.WriteByte('{')
			rest = rest[1:]
			continue
		}
		attribute, after, found := strings.Cut(rest, "}")
		attribute = strings.TrimSpace(attribute)
		switch {
		case !found:
			return template{}, fmt.Errorf("a brace is not closed in %q; a brace that is meant as text is written {{", text)
		case attribute == "" || strings.Contains(attribute, "{"):
			return template{}, fmt.Errorf("no attribute name between braces in %q", text)
		}
		t.addLiteral(&literal)
		t.parts = append(t.parts, part{attribute: attribute})
		rest = after
	}
	t.addLiteral(&literal)
	if len(t.attributes()) == 0 {
		return template{}, fmt.Errorf("no {attribute} in %q: everybody would have the same name", text)
	}
	return t, nil
}

func (t *template) addLiteral(literal *strings.Builder) {
	if literal.Len() > 0 {
		t.parts = append(t.parts, part{literal: literal.String()})
		literal.Reset()
	}
}

func (t template) attributes() []string {
	var out []string
	for _, p := range t.parts {
		if p.attribute != "" {
			out = append(out, p.attribute)
		}
	}
	return out
}

// names gives every candidate in the order of the source. An attribute that is
// absent or empty gives none. The flags tell that values were unusable or
// that candidates were cut off.
func (t template) names(r Record) (names []string, unusable, cut bool) {
	names = []string{""}
	for _, p := range t.parts {
		values := []string{p.literal}
		if p.attribute != "" {
			values = nil
			for _, v := range r.Values(p.attribute) {
				v, ok := clean(v)
				unusable = unusable || !ok
				if v != "" {
					values = append(values, v)
				}
			}
		}
		var next []string
		for _, name := range names {
			for _, v := range values {
				if len(next) == maxNames {
					cut = true
					break
				}
				next = append(next, name+v)
			}
		}
		names = next
	}
	var out []string
	for _, n := range names {
		if n = strings.TrimSpace(n); n != "" {
			out = append(out, n)
		}
	}
	return unique(out), unusable, cut
}
