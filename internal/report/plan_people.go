package report

import (
	"fmt"
	"strings"

	"syncagent/internal/reconcile"
)

// missing lists who is gone, and what happens to their mailbox when.
func (v planView) missing(title string, list []reconcile.Missing, o Options) section {
	if len(list) == 0 {
		return section{}
	}
	g := group{}
	for i, m := range list {
		if i >= few && !o.Verbose {
			g.more = len(list) - i
			break
		}
		g.items = append(g.items, missingItem(m, v.severalSources(), o.Verbose))
	}
	return section{title: fmt.Sprintf("%s (%d)", title, len(list)), groups: []group{g}}
}

func missingItem(m reconcile.Missing, several, verbose bool) item {
	it := item{symbol: ".", tone: toneWarn, name: or(m.Name, string(m.Account), string(m.StableID), "(no name)")}
	parts := []string{fmt.Sprintf("absent since %s (%s)", day(m.Since), people(m.Misses, "reading", "readings"))}
	if m.SuspendDue != nil {
		parts = append(parts, "access is cut from "+moment(*m.SuspendDue))
	}
	switch {
	case m.DeleteDue != nil:
		parts = append(parts, "deleted from "+moment(*m.DeleteDue)+" at the earliest")
		if m.DeleteApproved {
			parts = append(parts, "approved with the absence")
		}
	case m.Misses == 0:
		parts = append(parts, "seen to be absent for the first time")
	default:
		parts = append(parts, "only reported")
	}
	it.text = strings.Join(parts, "; ")
	if several && m.Source != "" {
		it.text += " [" + m.Source + "]"
	}
	if verbose {
		it.details = []string{ids(m.Source, string(m.StableID), string(m.Account))}
	}
	return it
}

// unconfirmed lists absences that do not count yet.
func (v planView) unconfirmed(o Options) section {
	s := v.missing("Absent, but not counted", v.plan.Unconfirmed, o)
	s.note = "A guard keeps these absences from counting, so the time to deletion has not started. An approval lets them count."
	later := 0
	for _, m := range v.plan.Unconfirmed {
		if m.DeleteAfter != "" {
			later++
		}
	}
	if later > 0 {
		s.note += fmt.Sprintf(" It also approves deleting %s once the grace is over, for those who stay away until then; "+
			"with --absences-only it does not.", people(later, "mailbox", "mailboxes"))
	}
	for gi := range s.groups {
		for i := range s.groups[gi].items {
			m := v.plan.Unconfirmed[i]
			s.groups[gi].items[i].text = fmt.Sprintf("absent since %s (%s)", day(m.Since), people(m.Misses, "reading", "readings"))
		}
	}
	return s
}

// holds lists what was not done, grouped by code, with what can be done.
func (v planView) holds(o Options) section {
	s := section{title: fmt.Sprintf("Held back (%d)", len(v.plan.Holds)), tone: toneWarn}
	at := map[string]int{}
	for _, h := range v.plan.Holds {
		i, ok := at[h.Code]
		if !ok {
			i = len(s.groups)
			at[h.Code] = i
			s.groups = append(s.groups, codeGroup(h.Code, toneWarn))
		}
		g := &s.groups[i]
		if g.footer == "" {
			g.footer = h.Hint
		}
		it := item{symbol: "!", tone: toneWarn, text: h.Message, name: or(h.Name, string(h.Account), string(h.StableID), "(no name)")}
		if v.severalSources() && h.Source != "" {
			it.text += " [" + h.Source + "]"
		}
		if h.Hint != "" && h.Hint != g.footer {
			it.details = append(it.details, "→ "+h.Hint)
		}
		if o.Verbose {
			it.details = append(it.details, ids(h.Source, string(h.StableID), string(h.Account)))
		}
		g.items = append(g.items, it)
	}
	for i := range s.groups {
		s.groups[i].finish(o)
	}
	return s
}

// notices lists remarks, grouped by code.
func (v planView) notices(o Options) section {
	s := section{title: fmt.Sprintf("Worth knowing (%d)", len(v.plan.Notices))}
	at := map[string]int{}
	for _, n := range v.plan.Notices {
		i, ok := at[n.Code]
		if !ok {
			i = len(s.groups)
			at[n.Code] = i
			s.groups = append(s.groups, codeGroup(n.Code, tonePlain))
		}
		it := item{symbol: "i", name: or(n.Name, string(n.Account), n.Source), text: n.Message}
		if it.name == "" {
			it.name, it.text = it.text, ""
		}
		if o.Verbose {
			it.details = append(it.details, ids(n.Source, "", string(n.Account)))
		}
		s.groups[i].items = append(s.groups[i].items, it)
	}
	for i := range s.groups {
		s.groups[i].finish(o)
	}
	return s
}

// codeGroup starts a group of items with one code.
func codeGroup(code string, t tone) group {
	info, known := reconcile.CodeInfo(code)
	if !known {
		return group{title: code, tone: t}
	}
	return group{title: info.Title, code: code, tone: t}
}

// finish counts a group, shortens it, and gives it a hint if it has none.
func (g *group) finish(o Options) {
	g.title = fmt.Sprintf("%s (%d)", g.title, len(g.items))
	if len(g.items) > few && !o.Verbose {
		g.more = len(g.items) - few
		g.items = g.items[:few]
	}
	if g.footer == "" {
		info, _ := reconcile.CodeInfo(g.code)
		g.footer = info.Hint
	}
}
