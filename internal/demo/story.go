package demo

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
	"syncagent/internal/report"
)

// story is the demonstration from its first to its last step.
func (w *world) story(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		w.beginning, w.adoption, w.changes, w.dryRun, w.renames, w.grace, w.deletion, w.restoration, w.broken, w.proof,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// made is what a run gave, for the story.
type made struct {
	*agent.Report
	code int
}

// sync makes a run and tells its result in one line.
func (w *world) sync(ctx context.Context, what string, o agent.RunOptions, loud bool) (made, error) {
	command := "syncagent sync"
	if o.DryRun {
		command += " --dry-run"
	}
	rep, code, err := w.run(ctx, o)
	if err != nil {
		return made{rep, code}, fmt.Errorf("%s: %w", command, err)
	}
	view := report.OfRun(rep.Result)
	if o.DryRun {
		view = report.OfPlan(rep.Result.Plan)
	}
	step := Step{What: what, Command: command, ExitCode: code, Summary: report.Summary(view)}
	for _, r := range rep.Result.Verdict.Reasons {
		step.Codes = append(step.Codes, r.Code)
	}
	w.sum.Steps = append(w.sum.Steps, step)
	if !loud {
		return made{rep, code}, nil
	}
	w.tell.command(command)
	if o.DryRun || code != agent.ExitOK {
		var b bytes.Buffer
		if err := report.Text(&b, view, report.Options{Color: w.opts.Color, Width: textWidth - 5}); err != nil {
			return made{rep, code}, err
		}
		w.tell.block(strings.TrimSuffix(b.String(), step.Summary+"\n"))
	}
	w.tell.block(strings.Join(wrap(step.Summary, textWidth-5), "\n"))
	w.tell.block(fmt.Sprintf("exit code %d", code))
	return made{rep, code}, nil
}

// done counts the actions of a kind that were carried out.
func (m made) done(kind reconcile.ActionKind) int {
	n := 0
	outcomes := map[int]reconcile.Outcome{}
	for _, r := range m.Result.Results {
		outcomes[r.Seq] = r.Outcome
	}
	for _, a := range m.Result.Actions {
		if a.Kind == kind && outcomes[a.Seq] == reconcile.OutcomeDone {
			n++
		}
	}
	return n
}

// held tells whether a person is held with a code.
func (m made) held(code string, p *Person) bool {
	for _, h := range m.Result.Holds {
		if h.Code == code && string(h.StableID) == p.ID {
			return true
		}
	}
	return false
}

// must makes a mistake of the program an error of the demonstration.
func must(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return &WrongError{fmt.Sprintf(format, args...)}
}

// prove lets everybody log in and tells that each opens the own mail.
func (w *world) prove(ctx context.Context) error {
	n, err := w.everybody(ctx)
	w.sum.Checked += n
	if err != nil {
		return err
	}
	w.tell.result("%d people logged in; each opened the own mail, all of it, and nobody else's.", n)
	return nil
}
