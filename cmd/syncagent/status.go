package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
	"syncagent/internal/audit"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/report"
	"syncagent/internal/state"
)

func newStatusCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Tell how things stand: last run, sources, people in grace, what is blocked",
		Long: `Tells what the ledger knows: the last run and how it ended, each source with its
last complete reading, who is in grace and when what is due, accounts that were
cut off, what is held or blocked with the command that approves it, approvals, and
the position of the audit log. Asks neither directory nor mail server, takes no
lock and creates no file.

Ends with 8 if the end of the audit log does not verify.`,
		Example: `  syncagent status
  syncagent status --json`,
		GroupID: groupLook,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runStatus(cmd.Context(), g, g.streams)
		},
	}
}

func runStatus(ctx context.Context, g *globals, s streams) error {
	format, err := g.resultFormat("status", formatText, formatJSON, formatMarkdown, formatHTML)
	if err != nil {
		return err
	}
	return g.withLedger(ctx, func(cfg *config.Config, ledger *state.Ledger) error {
		view, open, err := g.statusView(ctx, cfg, ledger)
		if err != nil {
			return failed(err)
		}
		if !ledger.Exists() {
			_, _ = fmt.Fprintln(s.err, noLedger)
		}
		if err := g.write(view, report.Format(format), s); err != nil {
			return err
		}
		if open > 0 && view.Running == "" {
			_, _ = fmt.Fprintf(s.err, "warning: %s of an interrupted run not settled; the next run does that first\n", counted(open, "step"))
		}
		if view.Audit.Problem != "" {
			return quietExit(exitUntrusted)
		}
		return nil
	})
}

// statusView collects what is known; open counts steps that nobody settled.
func (g *globals) statusView(ctx context.Context, cfg *config.Config, ledger *state.Ledger) (view report.StatusView, open int, err error) {
	view = report.StatusView{Server: report.StatusServer{URL: cfg.Server.URL}, Running: runningNow(cfg.State.Dir)}
	table, err := cfg.Schedule.Timetable()
	if err != nil {
		return view, 0, fmt.Errorf("schedule: %w", err)
	}
	if next := table.Next(g.now()); !next.IsZero() {
		view.NextRun = &next
	}
	summary, err := ledger.Summary(ctx)
	if err != nil {
		return view, 0, err
	}
	for _, step := range []func() error{
		func() error { return statusRuns(ctx, ledger, &view) },
		func() error { return statusSources(ctx, cfg, ledger, summary, &view) },
		func() error { return statusApprovals(ctx, cfg, ledger, g.now(), &view) },
		func() error { return statusAudit(ctx, cfg, ledger, &view) },
	} {
		if err := step(); err != nil {
			return view, 0, err
		}
	}
	return view, summary.OpenSteps, nil
}

// statusRuns takes the last run, and from the last one that came to a plan what
// it found.
func statusRuns(ctx context.Context, ledger *state.Ledger, view *report.StatusView) error {
	runs, err := ledger.Runs(ctx, 50)
	if err != nil {
		return err
	}
	for i, r := range runs {
		row, result, err := rowOf(ctx, ledger, r.ID)
		if err != nil {
			return err
		}
		if i == 0 {
			view.LastRun = &row
		}
		if result == nil || result.Hash == "" {
			continue
		}
		view.Server.Generation = result.Server.Generation
		view.Missing = append(slices.Clone(result.Missing), result.Unconfirmed...)
		view.Holds = result.Holds
		if result.Verdict.Blocked {
			view.Blocked = result.Verdict.Reasons
			if _, err := ledger.Plan(ctx, result.Hash); err == nil {
				view.Plan = result.Hash
			}
		}
		return nil
	}
	return nil
}

func statusSources(ctx context.Context, cfg *config.Config, ledger *state.Ledger, summary state.Summary, view *report.StatusView) error {
	states, err := ledger.Sources(ctx)
	if err != nil {
		return err
	}
	for _, c := range cfg.Sources {
		st, counts := states[c.Name], summary.Principals[c.Name]
		view.Sources = append(view.Sources, report.StatusSource{
			Name: c.Name, Adopted: st.Adopted, Known: counts.Active, Missing: counts.Missing,
			LastComplete: known(st.LastComplete), LastCounted: known(st.LastCounted),
		})
		unsettled, err := ledger.Unsettled(ctx, c.Name)
		if err != nil {
			return err
		}
		for _, p := range unsettled {
			if p.Access == reconcile.AccessOpen {
				continue
			}
			since, err := closedSince(ctx, ledger, p)
			if err != nil {
				return err
			}
			view.Closed = append(view.Closed, report.StatusAccount{
				Source: p.Source, StableID: p.ID, Account: p.Link.Account, Name: p.Link.Name, State: accessWord(p.Access), Since: since,
			})
		}
	}
	return nil
}

// closedSince is when the agent cut the access to an account.
func closedSince(ctx context.Context, ledger *state.Ledger, p reconcile.Principal) (time.Time, error) {
	steps, err := ledger.StepsOf(ctx, p.Ref(), 100)
	if err != nil {
		return time.Time{}, err
	}
	for _, s := range steps {
		if (s.Action.Kind == reconcile.ActSuspend || s.Action.Kind == reconcile.ActPark) && s.Outcome == state.StepDone {
			return s.Finished, nil
		}
	}
	return time.Time{}, nil
}

func accessWord(a reconcile.Access) string {
	switch a {
	case reconcile.AccessSuspended:
		return "suspended"
	case reconcile.AccessParked:
		return "parked"
	case reconcile.AccessOpen:
	}
	return "open"
}

// known is nil for a time that is not known.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func statusApprovals(ctx context.Context, cfg *config.Config, ledger *state.Ledger, now time.Time, view *report.StatusView) error {
	all, err := ledger.Approvals(ctx, now)
	for _, a := range all {
		view.Approvals = append(view.Approvals, report.StatusApproval{
			ID: a.ID, By: a.By, Reason: a.Reason, Expires: a.Expires, Covers: covers(a), Needed: neededFor(a, cfg),
		})
	}
	later, laterErr := ledger.LaterDeletes(ctx, now)
	for _, d := range later {
		view.Approvals = append(view.Approvals, report.StatusApproval{ID: d.Approval, By: d.By, Reason: d.Reason, Expires: d.Until, Covers: laterWords(d)})
	}
	return errors.Join(err, laterErr)
}

func statusAudit(ctx context.Context, cfg *config.Config, ledger *state.Ledger, view *report.StatusView) error {
	anchor, err := agent.Anchor(ctx, ledger)
	if err != nil {
		return err
	}
	head, err := audit.ReadHead(ctx, cfg.Audit.File, nil)
	var broken *audit.BrokenError
	switch {
	case errors.As(err, &broken):
		view.Audit.Problem = broken.Error()
	case err != nil:
		view.Audit.Problem = err.Error()
	case anchor != nil && head.Seq > 0 && head.Seq < anchor.Seq:
		view.Audit.Problem = fmt.Sprintf("it ends at record %d, but the ledger remembers record %d", head.Seq, anchor.Seq)
	}
	view.Audit.Records = head.Seq
	return nil
}

// runningNow tells who holds the lock, without touching it: even a short look
// through flock could turn a run away that starts at the same moment.
func runningNow(dir string) string {
	data, err := os.ReadFile(filepath.Join(dir, state.LockName)) //nolint:gosec // the state directory is the administrator's
	if err != nil {
		return ""
	}
	var h state.Holder
	if json.Unmarshal(data, &h) != nil || h.PID == 0 {
		return ""
	}
	host, _ := os.Hostname() // without a name nothing is said about other machines
	if h.Host == host && errors.Is(syscall.Kill(h.PID, 0), syscall.ESRCH) {
		return "" // it was killed; the lock ended with it
	}
	return fmt.Sprintf("%s (process %d on %s) since %s", printable(h.Command), h.PID, printable(h.Host), moment(h.Since))
}
