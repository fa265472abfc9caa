package report

import (
	"fmt"
	"strings"

	"syncagent/internal/reconcile"
)

// counted are the nouns of the kinds of action in the closing line, in its
// order.
var counted = []struct {
	kind      reconcile.ActionKind
	one, many string
}{
	{reconcile.ActRelease, "address released", "addresses released"},
	{reconcile.ActPark, "parked", "parked"},
	{reconcile.ActSuspend, "suspended", "suspended"},
	{reconcile.ActResume, "resumed", "resumed"},
	{reconcile.ActRename, "renamed", "renamed"},
	{reconcile.ActDestroyTwin, "twin removed", "twins removed"},
	{reconcile.ActRelink, "relinked", "relinked"},
	{reconcile.ActClaim, "account claimed", "accounts claimed"},
	{reconcile.ActExport, "exported", "exported"},
	{reconcile.ActDelete, "deleted", "deleted"},
}

// Summary is the closing line of a view of a plan or a run, as for a log; of
// another view it is the title.
func Summary(v View) string {
	d := v.layout(Options{})
	return clean(or(d.summary, d.title))
}

func (v planView) summary() string {
	c := v.plan.Counts
	if v.quiet() {
		return fmt.Sprintf("nothing to do: %s known, all unchanged", people(c.Known, "person", "people"))
	}
	parts := append(v.doneParts(), v.failedParts()...)
	if n := len(v.plan.Missing); n > 0 {
		parts = append(parts, fmt.Sprintf("%d in grace", n))
	}
	if n := len(v.plan.Unconfirmed); n > 0 {
		parts = append(parts, fmt.Sprintf("%d absent but not counted", n))
	}
	if n := len(v.plan.Holds); n > 0 {
		parts = append(parts, fmt.Sprintf("%d held back", n))
	}
	if c.New > 0 {
		parts = append(parts, fmt.Sprintf("%d new", c.New))
	}
	if c.Linked > 0 {
		parts = append(parts, fmt.Sprintf("%d linked", c.Linked))
	}
	if c.Known > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d unchanged", c.Unchanged, c.Known))
	}
	lead := "would do: "
	if v.ran() {
		lead = "done: "
	}
	return lead + strings.Join(parts, "; ")
}

// doneParts counts what is done, or would be, by kind.
func (v planView) doneParts() []string {
	n := map[reconcile.ActionKind]int{}
	blocked := 0
	for _, a := range v.plan.Actions {
		switch {
		case a.Kind == reconcile.ActPurge:
		case v.blocked(a):
			blocked++
		case v.ran() && v.results[a.Seq].Outcome != reconcile.OutcomeDone:
		default:
			n[a.Kind]++
		}
	}
	var parts []string
	for _, k := range counted {
		if n[k.kind] > 0 {
			parts = append(parts, people(n[k.kind], k.one, k.many))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing")
	}
	switch {
	case blocked > 0:
		parts = append(parts, fmt.Sprintf("%d blocked", blocked))
	case len(v.blocks().groups) > 0 && v.plan.Verdict.Blocked:
		parts = append(parts, v.whyBlocked())
	}
	return parts
}

// whyBlocked tells a source that cannot be believed from a guard, which a
// person may let pass.
func (v planView) whyBlocked() string {
	for _, r := range v.plan.Verdict.Reasons {
		if info, known := reconcile.CodeInfo(r.Code); !known || info.Class != reconcile.ClassUnusable {
			return "blocked by a guard"
		}
	}
	if len(v.plan.Verdict.Reasons) == 0 {
		return "blocked by a guard"
	}
	return "a source is unusable"
}

// failedParts counts what did not go as planned; what was blocked is counted
// there.
func (v planView) failedParts() []string {
	n := map[reconcile.Outcome]int{}
	for _, a := range v.plan.Actions {
		if !v.blocked(a) {
			n[v.results[a.Seq].Outcome]++
		}
	}
	var parts []string
	for _, o := range []reconcile.Outcome{reconcile.OutcomeFailed, reconcile.OutcomeDropped, reconcile.OutcomeSkipped} {
		if n[o] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[o], o))
		}
	}
	return parts
}
