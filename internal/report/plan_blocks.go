package report

import (
	"fmt"
	"strings"

	"syncagent/internal/reconcile"
)

// stageBlocked tells the verdict of a stage; a verdict that is not there counts
// as blocked, as everywhere.
func (v planView) stageBlocked(stage reconcile.Stage) bool {
	switch v.plan.Verdict.Stages[stage] {
	case reconcile.StageOK, reconcile.StageApproved:
		return false
	case reconcile.StageBlocked:
	}
	return true
}

// blocked tells whether the guards stop an action: its stage is blocked, and the
// reason is about its source. A reason without a source is about all of them.
func (v planView) blocked(a reconcile.Action) bool {
	if !v.stageBlocked(a.Stage) {
		return false
	}
	named := false
	for _, r := range v.plan.Verdict.Reasons {
		if r.Stage != a.Stage && r.Stage != "" {
			continue
		}
		if r.Source == "" || r.Source == a.Source || a.Source == "" {
			return true
		}
		named = true
	}
	return !named
}

func (v planView) severalSources() bool { return len(v.plan.Sources) > 1 }

// blocks lists why stages are blocked; the same reason for several stages is
// told once.
func (v planView) blocks() section {
	type key struct{ code, source, message string }
	at := map[key]int{}
	var groups []group
	for _, r := range v.plan.Verdict.Reasons {
		k := key{r.Code, r.Source, r.Message}
		if i, ok := at[k]; ok {
			it := &groups[i].items[0]
			it.name += ", " + stageName(r.Stage)
			continue
		}
		at[k] = len(groups)
		groups = append(groups, blockGroup(r))
	}
	if len(groups) == 0 {
		groups = v.unjudged()
	}
	return section{
		title: "Blocked", tone: toneBad, groups: groups,
		note: "A blocked stage is not done at all for its source; what is not blocked goes on.",
	}
}

// unjudged tells of stages that are blocked although no guard says why: a plan
// without a verdict counts as blocked.
func (v planView) unjudged() []group {
	var names []string
	for _, stage := range reconcile.Stages {
		if v.stageBlocked(stage) {
			names = append(names, string(stage))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []group{{items: []item{{
		symbol: "!", tone: toneBad, name: strings.Join(names, ", "),
		text: "no guard let this pass, which counts as blocked",
	}}}}
}

func blockGroup(r reconcile.BlockReason) group {
	info, known := reconcile.CodeInfo(r.Code)
	hint := or(r.Hint, info.Hint)
	if !r.Approvable && !strings.Contains(hint, "cannot be approved") {
		hint = sentences(hint, "This cannot be approved")
	}
	g := group{
		title: info.Title, code: r.Code, tone: toneBad, footer: hint,
		items: []item{{symbol: "!", tone: toneBad, name: stageName(r.Stage), text: or(r.Message, info.Title)}},
	}
	if !known {
		g.title, g.code = r.Code, ""
	}
	if r.Source != "" {
		g.items[0].text = fmt.Sprintf("source %s: %s", r.Source, g.items[0].text)
	}
	return g
}

func stageName(s reconcile.Stage) string { return or(string(s), "all stages") }

// commands gives the exact line that lets the blocked stages pass, if a person
// may do that.
func (v planView) commands() []command {
	if v.plan.Hash == "" {
		return nil
	}
	approvable, firm := false, false
	for _, r := range v.plan.Verdict.Reasons {
		if !v.stageBlocked(r.Stage) {
			continue
		}
		approvable = approvable || r.Approvable
		firm = firm || !r.Approvable
	}
	if !approvable {
		return nil
	}
	what := "If all of this is right, approve it:"
	if firm {
		what = "If all of this is right, approve what can be approved:"
	}
	if v.run == nil {
		what = strings.TrimSuffix(what, ":") + ". A run that is blocked stores its plan for that; a plan of your own is saved with plan --out FILE and approved with --plan FILE:"
	}
	return []command{{what: what, line: fmt.Sprintf("syncagent approve %s --by NAME", v.plan.Hash)}}
}
