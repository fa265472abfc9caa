package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/health"
	"syncagent/internal/reconcile"
	"syncagent/internal/report"
)

// outcome is what came of one run; report is nil if it panicked.
type outcome struct {
	trigger     string
	began, over time.Time
	code        exitCode
	report      *agent.Report
}

// lastRun is what is shown of the last run; its zero value is none.
type lastRun struct {
	began   time.Time
	code    exitCode
	words   string
	stats   health.RunStats
	blocked []string
}

// ended takes a run over into metrics and status page. They show numbers and
// reasons, and no name of a person.
func (d *daemon) ended(ctx context.Context, cfg *config.Config, o outcome) {
	last := lastRun{began: o.began, code: o.code, words: meaningOf(o.code)}
	last.stats = health.RunStats{Trigger: o.trigger, ExitCode: int(o.code), Start: o.began, End: o.over}
	if o.report != nil {
		last.stats = statsOf(o)
		last.blocked = reasonsOf(o.report.Result.Verdict.Reasons)
		if len(o.report.Result.Sources) > 0 {
			last.words = report.Summary(report.OfRun(o.report.Result))
		}
	}
	d.mu.Lock()
	if o.code == exitLocked { // another run holds the lock: nothing new is known
		before := d.last.stats
		last.stats.Sources, last.stats.Blocked, last.stats.Holds = before.Sources, before.Blocked, before.Holds
		last.blocked = d.last.blocked
	}
	d.last = last
	d.mu.Unlock()
	d.metrics.RunEnded(last.stats)
	d.noteAudit(context.WithoutCancel(ctx), cfg) // also after a stop
}

func meaningOf(code exitCode) string {
	for _, row := range exitCodes {
		if row.code == code {
			return row.meaning
		}
	}
	return ""
}

// statsOf counts what a run gave.
func statsOf(o outcome) health.RunStats {
	res := o.report.Result
	s := health.RunStats{
		Trigger: o.trigger, ExitCode: int(o.code), Start: o.began, End: o.over,
		Stages: map[string]time.Duration{}, Blocked: map[string]bool{}, Holds: map[string]int{},
	}
	for _, stage := range o.report.Stages {
		s.Stages[stage.Name] += stage.Took
	}
	missing := map[string]int{}
	for _, m := range res.Missing {
		missing[m.Source]++
	}
	for _, src := range res.Sources {
		s.Sources = append(s.Sources, health.SourceStats{
			Name: src.Name, Complete: src.Complete, Entries: src.Entries, Missing: missing[src.Name],
		})
	}
	for stage, verdict := range res.Verdict.Stages {
		s.Blocked[string(stage)] = verdict == reconcile.StageBlocked
	}
	for _, h := range res.Holds {
		s.Holds[h.Code]++
	}
	s.Actions = actionStats(res)
	return s
}

func actionStats(res reconcile.RunResult) []health.ActionStats {
	outcomes := map[int]reconcile.Outcome{}
	for _, r := range res.Results {
		outcomes[r.Seq] = r.Outcome
	}
	var all []health.ActionStats
	count := func(kind, outcome string) {
		for i := range all {
			if all[i].Kind == kind && all[i].Outcome == outcome {
				all[i].Count++
				return
			}
		}
		all = append(all, health.ActionStats{Kind: kind, Outcome: outcome, Count: 1})
	}
	for _, a := range res.Actions {
		count(string(a.Kind), string(outcomes[a.Seq]))
	}
	if res.Purge != nil {
		count(string(reconcile.ActPurge), res.Purge.State)
	}
	return all
}

// reasonsOf tells what is blocked without the messages, which may name people.
func reasonsOf(reasons []reconcile.BlockReason) []string {
	var out []string
	for _, r := range reasons {
		info, _ := reconcile.CodeInfo(r.Code)
		out = append(out, fmt.Sprintf("%s, source %s (%s): %s %s", r.Stage, r.Source, r.Code, info.Title+".", info.Hint))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// state is what readiness and the status page show.
func (d *daemon) state() health.State {
	now := d.runner.Status()
	d.mu.Lock()
	last := d.last
	d.mu.Unlock()
	s := health.State{
		Version: currentVersion().Version, Running: now.Running != "", Next: now.Next, LastRun: last.began,
		LastExit: int(last.code), LastWords: last.words, Sources: last.stats.Sources, Blocked: last.blocked,
	}
	switch last.code {
	case exitFailed, exitServer, exitUntrusted:
		s.NotReady = []string{fmt.Sprintf("the last run ended with %d: %s", last.code, meaningOf(last.code))}
	default: // 3, 4, 5 and 7 are told by the metrics; the daemon does its work
	}
	return s
}

// status is the line for "systemctl status".
func (d *daemon) status() string {
	d.mu.Lock()
	last := d.last
	d.mu.Unlock()
	parts := []string{"no run yet"}
	if !last.began.IsZero() {
		parts = []string{fmt.Sprintf("last run %s, exit code %d: %s", clock(last.began), last.code, last.words)}
	}
	if next := d.runner.Status().Next; !next.IsZero() {
		parts = append(parts, "next run "+clock(next))
	}
	return strings.Join(parts, "; ")
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
