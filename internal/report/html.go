package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed page.html
var pageSource string

// page is parsed once; executing a template may be done concurrently.
var page = template.Must(template.New("page").Funcs(template.FuncMap{"tone": toneClass}).Parse(pageSource))

// HTML shows a view as one page without scripts, pictures or anything fetched
// from elsewhere, for a mail, a browser or a printer. It returns only errors of
// the writer.
func HTML(w io.Writer, v View, o Options) error {
	if err := page.Execute(w, pageOf(v.layout(o).cleaned())); err != nil {
		return fmt.Errorf("write HTML page: %w", err)
	}
	return nil
}

// toneClass is the class that the style sheet of the page has for a tone.
func toneClass(t tone) string {
	switch t {
	case toneFaint:
		return "faint"
	case toneGood:
		return "good"
	case toneChange:
		return "change"
	case toneWarn:
		return "warn"
	case toneBad:
		return "bad"
	case tonePlain:
	}
	return "plain"
}

// The types below are the document in the form that a template can read.
type (
	htmlPage struct {
		Title, Summary string
		Facts          []htmlFact
		Sections       []htmlSection
		Commands       []htmlCommand
	}
	htmlFact struct {
		Label, Text string
		Tone        tone
	}
	htmlCommand struct{ What, Line string }
	htmlSection struct {
		Title, Note string
		Tone        tone
		Groups      []htmlGroup
	}
	htmlGroup struct {
		Title, Code, Footer string
		More                int
		Items               []htmlItem
	}
	htmlItem struct {
		Symbol, Name, To, Text string
		Tone                   tone
		Details                []string
	}
)

func pageOf(d document) htmlPage {
	p := htmlPage{Title: d.title, Summary: d.summary}
	for _, f := range d.facts {
		p.Facts = append(p.Facts, htmlFact{Label: f.label, Text: f.text, Tone: f.tone})
	}
	for _, c := range d.commands {
		p.Commands = append(p.Commands, htmlCommand{What: c.what, Line: c.line})
	}
	for _, s := range d.sections {
		section := htmlSection{Title: s.title, Note: s.note, Tone: s.tone}
		for _, g := range s.groups {
			group := htmlGroup{Title: g.title, Code: g.code, Footer: g.footer, More: g.more}
			for _, it := range g.items {
				group.Items = append(group.Items, htmlItem{
					Symbol: it.symbol, Name: it.name, To: it.to,
					Text: it.text, Tone: it.tone, Details: it.details,
				})
			}
			section.Groups = append(section.Groups, group)
		}
		p.Sections = append(p.Sections, section)
	}
	return p
}
