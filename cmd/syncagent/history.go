package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/report"
	"syncagent/internal/state"
)

type historyOptions struct {
	*globals
	number int
}

func newHistoryCommand(g *globals) *cobra.Command {
	opts := historyOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List the last runs and what came of them",
		Long: `Lists the last runs, the newest first, with one line on what each did. Dry runs
are not recorded. Takes no lock.`,
		Example: `  syncagent history
  syncagent history -n 100 --json`,
		GroupID: groupLook,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runHistory(cmd.Context(), opts, g.streams)
		},
	}
	cmd.Flags().IntVarP(&opts.number, "number", "n", 20, "how many runs, a `NUMBER`")
	return cmd
}

func runHistory(ctx context.Context, opts historyOptions, s streams) error {
	format, err := opts.resultFormat("history", formatText, formatJSON, formatMarkdown, formatHTML)
	if err != nil {
		return err
	}
	if opts.number < 1 {
		return usageError("", "-n %d is not a positive number", opts.number)
	}
	return opts.withLedger(ctx, func(_ *config.Config, ledger *state.Ledger) error {
		view := report.HistoryView{}
		runs, err := ledger.Runs(ctx, opts.number)
		if err != nil {
			return failed(err)
		}
		for _, r := range runs {
			row, _, err := rowOf(ctx, ledger, r.ID)
			if err != nil {
				return err
			}
			view.Runs = append(view.Runs, row)
		}
		return opts.write(view, report.Format(format), s)
	})
}

// rowOf gives a run as a row, and its result, nil if it left none.
func rowOf(ctx context.Context, ledger *state.Ledger, id string) (report.HistoryRow, *reconcile.RunResult, error) {
	r, err := ledger.Run(ctx, id)
	if err != nil {
		return report.HistoryRow{}, nil, failed(err)
	}
	row := report.HistoryRow{Run: r.ID, Started: r.Started, Trigger: r.Trigger, ExitCode: r.ExitCode, Outcome: outcomeOf(r)}
	if !r.Finished.IsZero() {
		row.DurationMS = r.Finished.Sub(r.Started).Milliseconds()
	}
	if len(r.Result) == 0 {
		row.Summary = printable(r.Error)
		return row, nil, nil
	}
	var result reconcile.RunResult
	if err := json.Unmarshal(r.Result, &result); err != nil {
		return row, nil, failed(fmt.Errorf("read the result of run %s: %w", r.ID, err))
	}
	row.Plan = result.Hash
	row.Summary = printable(r.Error)
	if r.Error == "" {
		row.Summary = report.Summary(report.OfRun(result))
	}
	return row, &result, nil
}

// outcomeOf says in words how a run ended.
func outcomeOf(r state.Run) string {
	if r.Finished.IsZero() {
		return "not finished"
	}
	switch exitCode(r.ExitCode) {
	case exitOK:
		return "done"
	case exitPartial:
		return "partly done"
	case exitBlocked:
		return "blocked"
	case exitSource:
		return "a source was unusable"
	case exitServer:
		return "the mail server was unusable"
	case exitUntrusted:
		return "not trusted"
	case exitInterrupted:
		return "interrupted"
	case exitFailed, exitPending, exitLocked, exitUsage:
	}
	return "failed"
}

func newShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "show [RUN]",
		Short: "Show what one run did",
		Long: `Shows the plan of a run and what came of each action. RUN is the ID of a run or its
beginning, as "history" shows it; without it, the last run. Takes no lock.`,
		Example: `  syncagent show
  syncagent show 20261123T0215 --format markdown`,
		GroupID: groupLook,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError("syncagent show RUN", "show takes one run, but got %q too", args[1])
			}
			id := ""
			if len(args) == 1 {
				id = args[0]
			}
			return runShow(cmd.Context(), g, id, g.streams)
		},
	}
}

func runShow(ctx context.Context, g *globals, id string, s streams) error {
	format, err := g.resultFormat("show", formatText, formatJSON, formatMarkdown, formatHTML)
	if err != nil {
		return err
	}
	return g.needLedger(ctx, func(_ *config.Config, ledger *state.Ledger) error {
		const hint = "syncagent history lists the runs"
		if id == "" {
			runs, err := ledger.Runs(ctx, 1)
			if err != nil {
				return failed(err)
			}
			if len(runs) == 0 {
				return fail(exitFailed, errors.New("there was no run yet"), "")
			}
			id = runs[0].ID
		}
		row, result, err := rowOf(ctx, ledger, id)
		switch {
		case errors.Is(err, state.ErrNotFound):
			return fail(exitFailed, fmt.Errorf("no run %q is known", id), hint)
		case errors.Is(err, state.ErrAmbiguous):
			return usageError(hint, "several runs begin with %q", id)
		case err != nil:
			return err
		case result == nil:
			return fail(exitFailed, fmt.Errorf("run %s left no result: %s", row.Run, row.Outcome), "syncagent audit show --run "+row.Run)
		}
		if err := g.write(report.OfRun(*result), report.Format(format), s); err != nil {
			return err
		}
		if row.ExitCode > 0 && result.Hash == "" {
			_, _ = fmt.Fprintf(s.err, "run %s ended early: %s\n", row.Run, row.Summary)
		}
		return nil
	})
}
