package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/report"
	"syncagent/internal/state"
)

type applyOptions struct {
	*globals
	file  string
	exact bool
}

func newApplyCommand(g *globals) *cobra.Command {
	opts := applyOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Carry out a saved plan, and nothing else",
		Long: `Reads everything anew, and does what stands in FILE and in the plan computed now.
What is no longer due is dropped and told (exit code 3); what has come up since is
left to the next run. The same guards as in "sync" hold: a plan that they block
must be approved first.

--exact refuses to do anything if the plan computed now is not the saved one.`,
		Example: `  syncagent plan --out tonight.json
  syncagent apply tonight.json
  syncagent apply --exact tonight.json`,
		GroupID: groupSync,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError("syncagent apply FILE", "apply needs the file of one saved plan")
			}
			opts.file = args[0]
			return runApply(cmd.Context(), opts, g.streams)
		},
	}
	cmd.Flags().BoolVar(&opts.exact, "exact", false, "do nothing if the plan computed now differs from the saved one")
	return cmd
}

func runApply(ctx context.Context, opts applyOptions, s streams) error {
	saved, err := opts.readPlan(opts.file)
	if err != nil {
		return err
	}
	if err := opts.withLedger(ctx, func(cfg *config.Config, ledger *state.Ledger) error {
		return fitsHere(ctx, saved, cfg, ledger)
	}); err != nil {
		return err
	}
	rep, format, err := opts.oneRun(ctx, agent.RunOptions{
		Trigger: "command", Command: "syncagent apply", Only: &saved, Exact: opts.exact,
	})
	if rep == nil {
		return err
	}
	code := exitCode(rep.ExitCode(err))
	if err != nil {
		return fail(code, err, "")
	}
	if err := opts.writeRun(rep, format, s); err != nil {
		return err
	}
	if rep.Dropped > 0 {
		_, _ = fmt.Fprintf(s.err, "%s of the saved plan dropped: no longer due as saved\n", counted(rep.Dropped, "action"))
	}
	if code != exitOK {
		return quietExit(code)
	}
	return nil
}

const newPlan = "make a new plan with: syncagent plan --out FILE"

// readPlan reads a plan that "plan --out" saved and that has not expired.
func (g *globals) readPlan(path string) (reconcile.RunResult, error) {
	file, err := os.Open(path) //nolint:gosec // the administrator names the file
	if err != nil {
		return reconcile.RunResult{}, fail(exitUsage, fmt.Errorf("read the plan: %w", err), "")
	}
	defer func() { _ = file.Close() }() // it was only read
	saved, err := report.ParsePlan(file)
	switch {
	case err != nil:
		return saved, fail(exitUsage, fmt.Errorf("%s: %w", path, err), newPlan)
	case saved.Expires == nil || saved.Created.IsZero():
		return saved, fail(exitUsage, fmt.Errorf("%s is the output of a dry run, not a saved plan", path), newPlan)
	case !saved.Expires.After(g.now()):
		return saved, fail(exitUsage, fmt.Errorf("the plan in %s has expired on %s", path, moment(*saved.Expires)), newPlan)
	}
	return saved, nil
}

// fitsHere refuses a plan that was made for other directories or another mail
// server. What else differs is found by the run, which computes the plan anew.
func fitsHere(ctx context.Context, saved reconcile.RunResult, cfg *config.Config, ledger *state.Ledger) error {
	for _, planned := range saved.Sources {
		if !slices.ContainsFunc(cfg.Sources, func(s config.Source) bool { return s.Name == planned.Name }) {
			return fail(exitUsage, fmt.Errorf("the plan was made with another configuration: there is no source %q", planned.Name), newPlan)
		}
	}
	known, err := agent.ServerKnown(ctx, ledger)
	if err != nil {
		return failed(err)
	}
	if known != "" && saved.Server.Fingerprint != known {
		return fail(exitUsage, errors.New("the plan was made for another mail server"), newPlan)
	}
	return nil
}
