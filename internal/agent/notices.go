package agent

import (
	"fmt"
	"slices"
	"strings"

	"syncagent/internal/reconcile"
)

// orphansShown bounds how many orphans a plan names; the command "orphans"
// lists all.
const orphansShown = 50

// notices adds to the plan what only the agent can see.
func (r *run) notices() {
	for _, s := range r.facts.Sources {
		for _, lost := range s.Lost {
			pattern, ok := strings.CutPrefix(lost, protectWatch)
			if !ok {
				continue
			}
			r.notice(reconcile.Notice{
				Code: reconcile.NoticePatternUnmatched, Source: s.Source, Name: pattern,
				Message: fmt.Sprintf("the pattern %q of policy.protect matches nobody in the directory", pattern),
			})
		}
	}
	if r.upgraded != "" {
		r.notice(reconcile.Notice{Code: reconcile.NoticeServerUpgraded, Message: r.upgraded})
	}
	for _, w := range r.report.Info.Warnings {
		r.notice(reconcile.Notice{Code: w.Code, Message: w.Message})
	}
	if r.firstRun() {
		r.notice(reconcile.Notice{Code: reconcile.NoticeFirstRun, Message: "this is a first run: it learns who is who and changes nothing"})
		r.firstOrphans()
	}
}

func (r *run) notice(n reconcile.Notice) {
	r.plan.Plan.Notices = append(r.plan.Plan.Notices, n)
}

func (r *run) firstRun() bool {
	return slices.ContainsFunc(r.plan.Plan.Sources, func(s reconcile.SourcePlan) bool { return s.FirstRun })
}

// firstOrphans names accounts of the first listing that no entry was linked to.
func (r *run) firstOrphans() {
	if r.index == nil || slices.ContainsFunc(r.plan.Plan.Sources, func(s reconcile.SourcePlan) bool { return !s.Complete }) {
		return
	}
	linked := map[reconcile.AccountID]bool{r.report.Info.Self: true}
	for _, list := range [][]reconcile.Principal{r.facts.Principals, r.plan.Record.Principals} {
		for _, p := range list {
			linked[p.Link.Account] = true
		}
	}
	count := 0
	for _, id := range r.index.order {
		a := r.index.accounts[id]
		if linked[id] || a.Kind != reconcile.KindIndividual {
			continue
		}
		if reconcile.OwnName(a.Name) { // only with --adopt-anew: else the run has stopped
			r.notice(reconcile.Notice{Code: reconcile.NoticeFoundParked, Account: id, Name: a.Name, Message: "syncagent moved this account aside in an earlier life; whose it was, the audit log tells"})
			continue
		}
		if count++; count <= orphansShown {
			r.notice(reconcile.Notice{Code: reconcile.NoticeOrphan, Account: id, Name: a.Name, Message: "no entry of any source has this account's name"})
		}
	}
	if count > orphansShown {
		r.notice(reconcile.Notice{Code: reconcile.NoticeOrphan, Message: fmt.Sprintf("%d more accounts have no entry; syncagent orphans lists all", count-orphansShown)})
	}
}
