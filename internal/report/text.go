package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

const (
	defaultWidth = 100
	leastWidth   = 40
	// widestName is the widest column of names; longer ones push their words to
	// the next line.
	widestName = 44
)

// Text shows a view to a person at a terminal. A view with nothing to tell is
// one line. It returns only errors of the writer.
func Text(w io.Writer, v View, o Options) error {
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	t := textWriter{paint: painter(o.Color), width: max(o.Width, leastWidth)}
	t.document(v.layout(o).cleaned())
	_, err := w.Write(t.buf.Bytes())
	return err
}

// textWriter renders a document; a buffer has no write errors to care for.
type textWriter struct {
	buf   bytes.Buffer
	paint painter
	width int
}

func (t *textWriter) document(d document) {
	label := 0
	for _, f := range d.facts {
		label = max(label, columns(f.label))
	}
	for _, f := range d.facts {
		t.hanging(pad(f.label, label)+"  ", f.text, f.tone)
	}
	for _, s := range d.sections {
		t.gap()
		t.section(s)
	}
	for _, c := range d.commands {
		t.gap()
		t.hanging("", c.what, tonePlain)
		fmt.Fprintf(&t.buf, "    %s\n", t.paint.as(toneChange, c.line))
	}
	if d.summary != "" {
		t.gap()
		t.buf.WriteString(d.summary + "\n") // one line, so that it can be searched for
	}
}

// gap separates parts by an empty line, except at the very top.
func (t *textWriter) gap() {
	if t.buf.Len() > 0 {
		t.buf.WriteByte('\n')
	}
}

func (t *textWriter) section(s section) {
	t.buf.WriteString(t.paint.heading(s.tone, s.title) + "\n")
	if s.note != "" {
		t.hanging("  ", s.note, s.tone)
	}
	names := 0
	for _, g := range s.groups {
		for _, it := range g.items {
			if c := columns(it.subject()); c <= widestName {
				names = max(names, c)
			}
		}
	}
	for _, g := range s.groups {
		t.group(g, names)
	}
}

func (t *textWriter) group(g group, names int) {
	if g.title != "" {
		title := g.title
		if g.code != "" {
			title = g.code + ": " + title
		}
		t.hanging("  ", title, g.tone)
	}
	indent := "  "
	if g.title != "" {
		indent = "    "
	}
	for _, it := range g.items {
		t.item(it, indent, names)
	}
	if g.more > 0 {
		fmt.Fprintf(&t.buf, "%s  … and %d more (-v shows all)\n", indent, g.more)
	}
	if g.footer != "" {
		t.hanging(indent+"→ ", g.footer, tonePlain)
	}
}

func (t *textWriter) item(it item, indent string, names int) {
	symbol := it.symbol
	if symbol == "" {
		symbol = " "
	}
	lead := indent + symbol + " "
	below := indent + "    "
	subject := it.subject()
	room := t.width - columns(lead) - names - 2
	switch {
	case it.text == "":
		t.buf.WriteString(t.paint.as(it.tone, lead+subject) + "\n")
	case columns(subject) > names || room < leastWidth/2:
		t.buf.WriteString(t.paint.as(it.tone, lead+subject) + "\n")
		t.hanging(below, it.text, tonePlain)
	default:
		for i, line := range wrap(it.text, room) {
			head := t.paint.as(it.tone, lead+pad(subject, names))
			if i > 0 {
				head = strings.Repeat(" ", columns(lead)+names)
			}
			t.buf.WriteString(head + "  " + line + "\n")
		}
	}
	for _, detail := range it.details {
		t.hanging(below, detail, toneFaint)
	}
}

// hanging writes a text behind a lead, with further lines set in under it.
func (t *textWriter) hanging(lead, text string, tone tone) {
	for i, line := range wrap(text, max(t.width-columns(lead), leastWidth/2)) {
		if i > 0 {
			lead = strings.Repeat(" ", columns(lead))
		}
		t.buf.WriteString(lead + t.paint.as(tone, line) + "\n")
	}
}
