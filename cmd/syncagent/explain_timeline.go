package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"syncagent/internal/audit"
	"syncagent/internal/reconcile"
	"syncagent/internal/report"
)

// mostEvents is how much of the past is shown.
const mostEvents = 50

// timeline is what the audit log tells about a person; without one, what the
// journal tells.
func (e *explainer) timeline(ctx context.Context, p reconcile.Principal) ([]report.ExplainEvent, error) {
	var events []report.ExplainEvent
	if !p.FirstSeen.IsZero() {
		events = append(events, report.ExplainEvent{Time: p.FirstSeen, Text: "first seen in the directory"})
	}
	files, err := audit.Files(ctx, e.cfg.Audit.File)
	if err == nil {
		err = audit.Show(ctx, files, audit.Filter{}, func(rec audit.Record) error {
			if about(rec, p) {
				events = append(events, report.ExplainEvent{Time: rec.Time, Run: rec.Run, Text: eventText(rec)})
			}
			return nil
		})
	}
	if err != nil {
		e.warnings = append(e.warnings, "the audit log could not be read to its end: "+err.Error())
		steps, err := e.ledger.StepsOf(ctx, p.Ref(), mostEvents)
		if err != nil {
			return nil, err
		}
		for _, s := range steps {
			events = append(events, report.ExplainEvent{Time: s.Created, Run: s.Run, Text: fmt.Sprintf("%s %s", s.Action.Kind, s.Outcome)})
		}
	}
	slices.SortStableFunc(events, func(a, b report.ExplainEvent) int { return a.Time.Compare(b.Time) })
	if over := len(events) - mostEvents; over > 0 {
		events = events[over:]
	}
	return events, nil
}

// about tells whether a record concerns a person. Intents are left out: what
// came of them follows.
func about(rec audit.Record, p reconcile.Principal) bool {
	if rec.Phase == "intent" {
		return false
	}
	if rec.Fields["stable_id"] == string(p.ID) && rec.Fields["source"] == p.Source {
		return true
	}
	pattern, ok := rec.Fields["pattern"].(string)
	return ok && fits(pattern, p)
}

func eventText(rec audit.Record) string {
	var text strings.Builder
	text.WriteString(rec.Event)
	if rec.Phase != "" {
		text.WriteString(" " + rec.Phase)
	}
	get := func(field string) string { value, _ := rec.Fields[field].(string); return value }
	if from, to := get("from"), get("to"); from != "" && to != "" && from != to {
		text.WriteString(": " + from + " → " + to)
	}
	if by := get("by"); by != "" {
		text.WriteString(" by " + by)
	}
	for _, field := range []string{"reason", "error"} {
		if value := get(field); value != "" {
			text.WriteString("; " + value)
		}
	}
	return text.String()
}

// live adds what directory and mail server say right now.
func (e *explainer) live(ctx context.Context, p reconcile.Principal, out *report.ExplainPerson) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	now := e.opts.now()
	for _, answer := range e.opts.newAgent(e.cfg).AskLive(ctx, e.ledger, p) {
		if answer.Failed {
			e.warnings = append(e.warnings, answer.Who+" "+answer.Text)
			continue
		}
		out.Timeline = append(out.Timeline, report.ExplainEvent{Time: now, Text: "now, " + answer.Who + ": " + answer.Text})
		for _, line := range answer.Commands {
			out.Commands = append(out.Commands, report.ExplainCommand{What: "read " + answer.Who + " as syncagent does", Line: line})
		}
	}
}
