package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Markdown shows a view as Markdown (CommonMark) for a ticket or a wiki. Names
// stand in code spans, other texts are escaped, so that no text from a directory
// becomes a link, an image or HTML. It returns only errors of the writer.
func Markdown(w io.Writer, v View, o Options) error {
	var buf bytes.Buffer
	d := v.layout(o).cleaned()
	fmt.Fprintf(&buf, "# %s\n", escapeMarkdown(d.title))
	if d.summary != "" {
		fmt.Fprintf(&buf, "\n**%s**\n", escapeMarkdown(d.summary))
	}
	if len(d.facts) > 0 {
		buf.WriteByte('\n')
	}
	for _, f := range d.facts {
		indent := ""
		if f.label == "" {
			indent = "  "
		} else {
			f.label += ": "
		}
		fmt.Fprintf(&buf, "%s- %s%s\n", indent, escapeMarkdown(f.label), escapeMarkdown(f.text))
	}
	for _, s := range d.sections {
		markdownSection(&buf, s)
	}
	for _, c := range d.commands {
		fmt.Fprintf(&buf, "\n%s\n\n```sh\n%s\n```\n", escapeMarkdown(c.what), c.line)
	}
	_, err := w.Write(buf.Bytes())
	return err
}

func markdownSection(buf *bytes.Buffer, s section) {
	fmt.Fprintf(buf, "\n## %s\n", escapeMarkdown(s.title))
	if s.note != "" {
		fmt.Fprintf(buf, "\n%s\n", escapeMarkdown(s.note))
	}
	for _, g := range s.groups {
		if g.title != "" {
			title := escapeMarkdown(g.title)
			if g.code != "" {
				title = codeSpan(g.code) + " " + title
			}
			fmt.Fprintf(buf, "\n### %s\n", title)
		}
		buf.WriteByte('\n')
		for _, it := range g.items {
			markdownItem(buf, it)
		}
		if g.more > 0 {
			fmt.Fprintf(buf, "- … and %d more\n", g.more)
		}
		if g.footer != "" {
			fmt.Fprintf(buf, "\n*What to do:* %s\n", escapeMarkdown(g.footer))
		}
	}
}

func markdownItem(buf *bytes.Buffer, it item) {
	name := codeSpan(it.name)
	if it.to != "" {
		name += " → " + codeSpan(it.to)
	}
	if it.text != "" {
		name += " – " + escapeMarkdown(it.text)
	}
	fmt.Fprintf(buf, "- %s\n", name)
	for _, detail := range it.details {
		fmt.Fprintf(buf, "  - %s\n", escapeMarkdown(detail))
	}
}

// markdownEscapes puts a backslash before what could start a construct of
// CommonMark or of GitHub's tables within a line. A full stop or a hyphen means
// something only at the start of a line, where our own words stand.
var markdownEscapes = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`,
	`<`, `\<`, `>`, `\>`, `#`, `\#`, `|`, `\|`, `~`, `\~`, `&`, `\&`, `!`, `\!`,
)

func escapeMarkdown(text string) string { return markdownEscapes.Replace(text) }

// codeSpan shows a text as it is, in a fence that is longer than any row of
// backticks within it (CommonMark 6.1).
func codeSpan(text string) string {
	longest, row := 0, 0
	for _, r := range text {
		if r != '`' {
			row = 0
			continue
		}
		row++
		longest = max(longest, row)
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 || strings.HasPrefix(text, " ") || text == "" {
		text = " " + text + " "
	}
	return fence + text + fence
}
