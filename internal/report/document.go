package report

// document is what a view says to people, before it has a form.
type document struct {
	title string
	// facts stand at the top, one line each.
	facts    []fact
	sections []section
	// commands are lines to paste, with what they do.
	commands []command
	// summary is the closing line; without sections it is the whole document.
	summary string
}

// fact is a label with its value.
type fact struct {
	label, text string
	tone        tone
}

// section is a part of a document under a heading.
type section struct {
	title string
	// note stands below the heading.
	note   string
	tone   tone
	groups []group
}

// group is a list of items, with a heading of its own where there are several
// groups.
type group struct {
	title string
	// code has a page in docs/holds; empty without one.
	code  string
	tone  tone
	items []item
	// more is the number of items left out.
	more int
	// footer says what can be done.
	footer string
}

// item is one line: a symbol, a name, sometimes the new name, and words.
type item struct {
	symbol string
	tone   tone
	name   string
	// to is the new name, empty without one.
	to   string
	text string
	// details are further lines.
	details []string
}

// command is a line to paste into a shell, and what it does.
type command struct{ what, line string }

// tone tells how serious a line is; each format shows it in its own way.
type tone uint8

const (
	tonePlain tone = iota
	toneFaint
	toneGood
	toneChange
	toneWarn
	toneBad
)

// subject is the item's name, and the new one.
func (i item) subject() string {
	if i.to == "" {
		return i.name
	}
	return i.name + " → " + i.to
}

// cleaned is the document with every text made safe to show. It is the only
// place where this happens, so that no text can be forgotten.
func (d document) cleaned() document {
	d.title, d.summary = clean(d.title), clean(d.summary)
	for i := range d.facts {
		d.facts[i].label, d.facts[i].text = clean(d.facts[i].label), clean(d.facts[i].text)
	}
	for i := range d.commands {
		d.commands[i].what, d.commands[i].line = clean(d.commands[i].what), clean(d.commands[i].line)
	}
	for i := range d.sections {
		d.sections[i].clean()
	}
	return d
}

func (s *section) clean() {
	s.title, s.note = clean(s.title), clean(s.note)
	for i := range s.groups {
		g := &s.groups[i]
		g.title, g.code, g.footer = clean(g.title), clean(g.code), clean(g.footer)
		for j := range g.items {
			it := &g.items[j]
			it.name, it.to, it.text = clean(it.name), clean(it.to), clean(it.text)
			for k := range it.details {
				it.details[k] = clean(it.details[k])
			}
		}
	}
}
