package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"syncagent/internal/reconcile"
)

// few is how many items of a kind are shown before the rest is only counted;
// actions are never left out.
const few = 10

// planView shows a plan, and what came of it if run is set.
type planView struct {
	plan reconcile.Plan
	run  *reconcile.RunResult
	// results has the outcome of each step of the run.
	results map[int]reconcile.Result
}

// OfPlan is the view of a plan that has not been carried out, as of a dry run.
// It shows neither time nor run: the same plan gives the same bytes.
func OfPlan(p reconcile.Plan) View { return planView{plan: p} }

// OfRun is the view of a saved plan or of a run with its results.
func OfRun(r reconcile.RunResult) View {
	results := make(map[int]reconcile.Result, len(r.Results))
	for _, result := range r.Results {
		results[result.Seq] = result
	}
	return planView{plan: r.Plan, run: &r, results: results}
}

// layout arranges the parts in the order in which a person asks: can the sources
// be believed, what is blocked, what happens, who is next, what is held.
func (v planView) layout(o Options) document {
	d := document{title: v.title(), summary: v.summary()}
	if v.quiet() {
		return d
	}
	d.facts = v.facts()
	for _, s := range []section{
		v.blocks(), v.stage(reconcile.StageProtect, o), v.stage(reconcile.StageRename, o),
		v.stage(reconcile.StageRemove, o), v.recovered(),
		v.missing("In grace", v.plan.Missing, o),
		v.unconfirmed(o), v.holds(o), v.notices(o),
	} {
		if len(s.groups) > 0 {
			d.sections = append(d.sections, s)
		}
	}
	d.commands = v.commands()
	return d
}

func (v planView) title() string {
	if v.ran() {
		return "syncagent: run " + v.run.Run
	}
	return "syncagent: plan"
}

// ran tells whether the actions were carried out, or at least tried.
func (v planView) ran() bool {
	return v.run != nil && (len(v.run.Results) > 0 || v.run.Purge != nil || v.run.DurationMS > 0)
}

// quiet tells that there is nothing to tell but one line.
func (v planView) quiet() bool {
	p := v.plan
	if v.run != nil && (len(v.run.Results) > 0 || len(v.run.Recovered) > 0) {
		return false
	}
	if slices.ContainsFunc(reconcile.Stages, v.stageBlocked) {
		return false
	}
	for _, s := range p.Sources {
		if !s.Complete || s.FirstRun || len(s.Reasons) > 0 || len(s.Warnings) > 0 {
			return false
		}
	}
	return !p.Verdict.Blocked && len(p.Verdict.Reasons) == 0 && len(p.Actions) == 0 &&
		len(p.Holds) == 0 && len(p.Missing) == 0 && len(p.Unconfirmed) == 0 &&
		len(p.Notices) == 0 && p.Counts.New == 0 && p.Counts.Linked == 0
}

func (v planView) facts() []fact {
	var facts []fact
	if v.run != nil {
		facts = append(facts, v.runFacts()...)
	}
	for _, s := range v.plan.Sources {
		facts = append(facts, sourceFacts(s)...)
	}
	if v.plan.Server.Generation != "" {
		facts = append(facts, serverFact(v.plan.Server))
	}
	if v.plan.Hash != "" && (len(v.plan.Actions) > 0 || len(v.plan.Unconfirmed) > 0) {
		facts = append(facts, fact{label: "plan", text: v.plan.Hash})
	}
	return facts
}

// serverFact is what was detected, and what it can do.
func serverFact(s reconcile.ServerPlan) fact {
	f := fact{label: "server", text: s.Generation}
	if s.Version != "" {
		f.text = "Stalwart " + s.Version + " (" + s.Generation + ")"
	}
	if len(s.Can) > 0 {
		f.text += ", can " + strings.Join(s.Can, ", ")
	}
	if len(s.Cannot) > 0 {
		f.text += ", cannot " + strings.Join(s.Cannot, ", ")
	}
	return f
}

func (v planView) runFacts() []fact {
	text := v.run.Run
	if !v.run.Created.IsZero() {
		text += " of " + moment(v.run.Created)
	}
	if v.run.DurationMS > 0 {
		text += ", took " + (time.Duration(v.run.DurationMS) * time.Millisecond).String()
	}
	facts := []fact{{label: "run", text: text}}
	if v.run.Expires != nil {
		facts = append(facts, fact{label: "expires", text: moment(*v.run.Expires)})
	}
	if p := v.run.Purge; p != nil {
		facts = append(facts, purgeFact(*p))
	}
	return facts
}

func purgeFact(p reconcile.PurgeResult) fact {
	f := fact{label: "purge", text: p.State}
	if p.Message != "" {
		f.text += ": " + p.Message
	}
	switch p.State {
	case "failed", "timeout":
		f.tone = toneWarn
	}
	return f
}

func sourceFacts(s reconcile.SourcePlan) []fact {
	f := fact{label: "source", text: fmt.Sprintf("%s: %s, read to the end", s.Name, people(s.Entries, "entry", "entries"))}
	if !s.Complete {
		f.text = fmt.Sprintf("%s: not usable in this run; whoever is not seen in it does not count as missing", s.Name)
		f.tone = toneBad
	} else if s.FirstRun {
		f.text += "; first run, nothing is changed"
	}
	facts := []fact{f}
	for _, r := range s.Reasons {
		facts = append(facts, fact{text: r.Code + ": " + reasonText(r), tone: toneBad})
	}
	for _, r := range s.Warnings {
		facts = append(facts, fact{text: r.Code + ": " + reasonText(r), tone: toneWarn})
	}
	return facts
}

// reasonText is the message with its hint, taken from the registry of codes
// where the reason has none.
func reasonText(r reconcile.Reason) string {
	info, _ := reconcile.CodeInfo(r.Code)
	return sentences(or(r.Message, info.Title), or(r.Hint, info.Hint))
}
