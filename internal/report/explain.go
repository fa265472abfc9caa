package report

import (
	"time"

	"syncagent/internal/reconcile"
)

// ExplainView is all that is known about one person, and why the agent does or
// does not act.
type ExplainView struct {
	// Asked is the name or ID that was asked about.
	Asked string `json:"asked"`
	// People has one member for each principal that fits.
	People []ExplainPerson `json:"people"`
	// Elsewhere says what else is known under that name: accounts that nobody is
	// linked to, former owners, entries that are not read.
	Elsewhere []string `json:"elsewhere,omitempty"`
}

// ExplainPerson is one principal.
type ExplainPerson struct {
	Source   string             `json:"source"`
	StableID reconcile.StableID `json:"stable_id"`
	Name     string             `json:"name"`
	Label    string             `json:"label,omitempty"`
	// State is active, missing or gone; Access is open, suspended or parked.
	State    string           `json:"state"`
	Access   string           `json:"access"`
	Accounts []ExplainAccount `json:"accounts"`
	LastSeen *time.Time       `json:"last_seen"`
	Missing  *ExplainMissing  `json:"missing,omitempty"`
	Holds    []reconcile.Hold `json:"holds"`
	// Story says in sentences what the ledger knows beyond that.
	Story []string `json:"story,omitempty"`
	// Rules say what each code of the last plan means for this person.
	Rules []ExplainRule `json:"rules,omitempty"`
	// Protected says why it is never touched; empty if it may be.
	Protected string `json:"protected,omitempty"`
	// Next says in a sentence what the next run would do.
	Next     string         `json:"next"`
	Timeline []ExplainEvent `json:"timeline"`
	// Commands are lines to paste to see the same as the agent, without secrets.
	Commands []ExplainCommand `json:"commands"`
}

// ExplainRule is a hold, block or notice of the last plan, in words for one
// person.
type ExplainRule struct {
	Code string `json:"code"`
	// Text says what it means for the person, Message what was found.
	Text    string `json:"text"`
	Message string `json:"message"`
}

// ExplainAccount is an account linked to the person.
type ExplainAccount struct {
	ID   reconcile.AccountID `json:"id"`
	Name string              `json:"name"`
	// Note is what else there is to say, such as "under map.name_also".
	Note string `json:"note,omitempty"`
}

// ExplainMissing is the absence of the person.
type ExplainMissing struct {
	Since      time.Time  `json:"since"`
	Misses     int        `json:"misses"`
	SuspendDue *time.Time `json:"suspend_due,omitempty"`
	DeleteDue  *time.Time `json:"delete_due,omitempty"`
}

// ExplainEvent is something that happened, from ledger and audit log.
type ExplainEvent struct {
	Time time.Time `json:"time"`
	Run  string    `json:"run,omitempty"`
	Text string    `json:"text"`
}

// ExplainCommand is a command to paste.
type ExplainCommand struct {
	What string `json:"what"`
	Line string `json:"line"`
}

func (e ExplainView) layout(o Options) document {
	d := document{title: "syncagent: explain " + e.Asked}
	if len(e.People) == 0 {
		d.summary = "nobody of this name or ID is known: " + e.Asked
		d.sections = append(d.sections, e.elsewhere()...)
		return d
	}
	for _, p := range e.People {
		d.sections = append(d.sections, p.section(o))
		for _, c := range p.Commands {
			d.commands = append(d.commands, command{what: c.What, line: c.Line})
		}
	}
	d.sections = append(d.sections, e.elsewhere()...)
	d.summary = people(len(e.People), "person fits", "people fit") + " " + e.Asked
	return d
}

func (e ExplainView) elsewhere() []section {
	if len(e.Elsewhere) == 0 {
		return nil
	}
	return []section{{title: "Also under that name", groups: []group{{items: sayings(e.Elsewhere)}}}}
}

func sayings(list []string) []item {
	items := make([]item, len(list))
	for i, text := range list {
		items[i] = item{symbol: "·", text: text}
	}
	return items
}

// why gives what the codes of the last plan mean for the person.
func (p ExplainPerson) why() []group {
	if len(p.Rules) == 0 {
		return nil
	}
	g := group{title: "What holds, by the last plan"}
	for _, r := range p.Rules {
		g.items = append(g.items, item{symbol: "·", name: r.Code, text: r.Text})
	}
	return []group{g}
}

func (p ExplainPerson) section(o Options) section {
	s := section{title: or(p.Name, string(p.StableID), "(no name)"), groups: []group{{items: p.facts()}}}
	for _, a := range p.Accounts {
		s.groups[0].items = append(s.groups[0].items, item{name: "account", text: joined(" ", a.Name, bracketed(joined(", ", string(a.ID), a.Note)))})
	}
	if len(p.Accounts) == 0 {
		s.groups[0].items = append(s.groups[0].items, item{name: "account", text: "none known yet; the server makes it at first use"})
	}
	if len(p.Story) > 0 {
		s.groups = append(s.groups, group{title: "What is known", items: sayings(p.Story)})
	}
	s.groups = append(s.groups, p.why()...)
	view := planView{plan: reconcile.Plan{Holds: p.Holds}}
	s.groups = append(s.groups, view.holds(o).groups...)
	if len(p.Timeline) > 0 {
		g := group{title: "What happened"}
		for _, event := range p.Timeline {
			it := item{symbol: "·", name: moment(event.Time), text: event.Text}
			if event.Run != "" && o.Verbose {
				it.details = []string{"run " + event.Run}
			}
			g.items = append(g.items, it)
		}
		s.groups = append(s.groups, g)
	}
	return s
}

func (p ExplainPerson) facts() []item {
	items := []item{
		{name: "person", text: joined(" ", p.Source, string(p.StableID), bracketed(p.Label))},
		{name: "state", text: joined(", ", p.State, "access "+or(p.Access, "unknown"))},
	}
	if p.LastSeen != nil {
		items = append(items, item{name: "last seen", text: moment(*p.LastSeen)})
	}
	if p.Missing != nil {
		m := missingItem(reconcile.Missing{
			Since: p.Missing.Since, Misses: p.Missing.Misses,
			SuspendDue: p.Missing.SuspendDue, DeleteDue: p.Missing.DeleteDue,
		}, false, false)
		items = append(items, item{name: "absence", tone: toneWarn, text: m.text})
	}
	if p.Protected != "" {
		items = append(items, item{name: "protected", text: p.Protected})
	}
	return append(items, item{name: "next", tone: toneChange, text: or(p.Next, "nothing is planned")})
}

func (e ExplainView) wire() any {
	e.People = each(e.People, func(p ExplainPerson) ExplainPerson {
		p.Accounts, p.Holds, p.Commands = list(p.Accounts), list(p.Holds), list(p.Commands)
		p.LastSeen = secondOf(p.LastSeen)
		if p.Missing != nil {
			m := *p.Missing
			m.Since, m.SuspendDue, m.DeleteDue = second(m.Since), secondOf(m.SuspendDue), secondOf(m.DeleteDue)
			p.Missing = &m
		}
		p.Timeline = each(p.Timeline, func(x ExplainEvent) ExplainEvent { x.Time = second(x.Time); return x })
		return p
	})
	return e
}
