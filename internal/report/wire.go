package report

import (
	"maps"
	"time"

	"syncagent/internal/reconcile"
)

// wire is a copy of the plan or run in the one form that JSON shows.
func (v planView) wire() any {
	if v.run == nil {
		return wirePlan(v.plan)
	}
	return wireRun(*v.run)
}

// wirePlan is a copy with lists that are not nil and with times in UTC, to the
// second.
func wirePlan(p reconcile.Plan) reconcile.Plan {
	p.Sources = each(p.Sources, func(s reconcile.SourcePlan) reconcile.SourcePlan {
		s.Reasons = list(s.Reasons)
		return s
	})
	p.Actions = each(p.Actions, func(a reconcile.Action) reconcile.Action {
		a.Addresses.From, a.Addresses.To = list(a.Addresses.From), list(a.Addresses.To)
		a.After = list(a.After)
		return a
	})
	p.Verdict.Reasons = list(p.Verdict.Reasons)
	stages := make(map[reconcile.Stage]reconcile.StageVerdict, len(p.Verdict.Stages))
	maps.Copy(stages, p.Verdict.Stages)
	p.Verdict.Stages = stages
	p.Holds = list(p.Holds)
	p.Missing = each(p.Missing, wireMissing)
	if len(p.Unconfirmed) > 0 { // left out of JSON if empty
		p.Unconfirmed = each(p.Unconfirmed, wireMissing)
	}
	return p
}

func wireRun(r reconcile.RunResult) reconcile.RunResult {
	r.Plan = wirePlan(r.Plan)
	r.Created = second(r.Created)
	r.Expires = secondOf(r.Expires)
	return r
}

func wireMissing(m reconcile.Missing) reconcile.Missing {
	m.Since = second(m.Since)
	m.SuspendDue, m.DeleteDue = secondOf(m.SuspendDue), secondOf(m.DeleteDue)
	return m
}

// second is a time in UTC without fractions.
func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func secondOf(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	s := second(*t)
	return &s
}

// list is the list itself, or an empty one instead of nil.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// each is a new list of changed members, never nil.
func each[T any](l []T, change func(T) T) []T {
	out := make([]T, len(l))
	for i, t := range l {
		out[i] = change(t)
	}
	return out
}
