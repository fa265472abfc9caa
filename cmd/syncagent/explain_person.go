package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/report"
)

func (e *explainer) person(ctx context.Context, p reconcile.Principal) (report.ExplainPerson, error) {
	out := report.ExplainPerson{
		Source: p.Source, StableID: p.ID, Name: p.Name, Label: p.Label, State: stateWord(p.State), Access: accessWord(p.Access),
		Protected: e.protectedBy(p), LastSeen: known(p.LastSeen),
	}
	if p.State == reconcile.StateActive {
		states, err := e.ledger.Sources(ctx)
		if err != nil {
			return out, err
		}
		out.LastSeen = known(states[p.Source].LastComplete)
	}
	if p.Bound() {
		out.Accounts = append(out.Accounts, report.ExplainAccount{ID: p.Link.Account, Name: p.Link.Name})
	}
	for _, also := range p.Also {
		out.Accounts = append(out.Accounts, report.ExplainAccount{ID: also.Account, Name: also.Name, Note: "under map.name_also"})
	}
	if p.Mixed && len(out.Accounts) > 0 {
		out.Accounts[0].Note = "it may hold mail of two people: never deleted without an approval"
	}
	e.fromLastPlan(p, &out)
	out.Story, out.Rules = story(p), rules(e.last, p)
	out.Next = e.next(p, out)
	var err error
	if out.Timeline, err = e.timeline(ctx, p); err != nil {
		return out, err
	}
	if e.opts.live {
		e.live(ctx, p, &out)
	}
	return out, nil
}

// fromLastPlan takes over what the last run found about the person.
func (e *explainer) fromLastPlan(p reconcile.Principal, out *report.ExplainPerson) {
	if p.Miss.Reads > 0 && p.State != reconcile.StateGone {
		policy, _ := e.policy(p.Source)
		out.Missing = missingNow(p, policy)
	}
	if e.last == nil {
		return
	}
	for _, h := range e.last.Holds {
		if concernsHold(h, p) {
			out.Holds = append(out.Holds, h)
		}
	}
	for _, m := range slices.Concat(e.last.Missing, e.last.Unconfirmed) {
		if out.Missing == nil && m.Source == p.Source && m.StableID == p.ID && p.State != reconcile.StateGone {
			out.Missing = &report.ExplainMissing{Since: m.Since, Misses: max(m.Misses, p.Miss.Reads), SuspendDue: m.SuspendDue, DeleteDue: m.DeleteDue}
		}
	}
}

// missingNow tells when what is due by the ledger as it stands now; the last
// plan shows how it stood before that run.
func missingNow(p reconcile.Principal, policy config.Policy) *report.ExplainMissing {
	at := func(runs int, wait time.Duration) *time.Time {
		left := max(wait-p.Miss.Elapsed, time.Duration(max(0, runs-p.Miss.Reads))*policy.Grace.Spacing.Std(), 0)
		t := p.Miss.Last.Add(left)
		return &t
	}
	out := &report.ExplainMissing{Since: p.Miss.Since, Misses: p.Miss.Reads}
	if policy.Missing == config.MissingDelete {
		out.DeleteDue = at(policy.Grace.Runs, policy.Grace.Time.Std())
	}
	if policy.Missing != config.MissingReport && policy.Suspend.On && p.Access == reconcile.AccessOpen {
		out.SuspendDue = at(policy.Suspend.Runs, policy.Suspend.Time.Std())
	}
	return out
}

func (e *explainer) policy(source string) (config.Policy, bool) {
	if s := e.cfg.SourceNamed(source); s != nil {
		return s.Policy, true
	}
	return config.Policy{}, false
}

func (e *explainer) protectedBy(p reconcile.Principal) string {
	for _, o := range e.orders {
		if fits(o.Pattern, p) {
			return strings.TrimSuffix(fmt.Sprintf("by order of %s, %q: %s", o.By, o.Pattern, o.Reason), ": ")
		}
	}
	policy, _ := e.policy(p.Source)
	for _, pattern := range policy.Protect {
		if fits(pattern, p) {
			return fmt.Sprintf("by policy.protect %q", pattern)
		}
	}
	switch p.Kind {
	case reconcile.KindGroup:
		return "it is a group"
	case reconcile.KindAdmin:
		return "it is an administrator"
	case reconcile.KindUnknown:
		return "the directory does not tell what kind it is"
	case reconcile.KindIndividual:
	}
	return ""
}

func stateWord(s reconcile.State) string {
	switch s {
	case reconcile.StateActive:
		return "active"
	case reconcile.StateMissing:
		return "missing"
	case reconcile.StateGone:
		return "gone"
	case reconcile.StateUnknown:
	}
	return "unknown"
}
