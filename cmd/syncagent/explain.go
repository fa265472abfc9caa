package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/report"
	"syncagent/internal/state"
)

type explainOptions struct {
	*globals
	asked string
	live  bool
}

func newExplainCommand(g *globals) *cobra.Command {
	opts := explainOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "explain NAME|ID",
		Short: "Tell all that is known about one person, and why something is done or not",
		Long: `Tells all that is known about one person: the link between directory and mailbox,
absences and when what is due, protection, what holds an action back and what to do
about it, and what has happened. NAME is a present or former name or an address; ID
is a stable ID or an account ID. Directory and mail server are asked too (with
--live=false they are not). Changes nothing and takes no lock.`,
		Example: `  syncagent explain alice@example.org
  syncagent explain 3f2a9c1e-… --live=false --json`,
		GroupID: groupLook,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usageError("syncagent explain NAME", "explain needs one name, address or ID")
			}
			opts.asked = args[0]
			return runExplain(cmd.Context(), opts, g.streams)
		},
	}
	cmd.Flags().BoolVar(&opts.live, "live", true, "ask directory and mail server too")
	return cmd
}

func runExplain(ctx context.Context, opts explainOptions, s streams) error {
	format, err := opts.resultFormat("explain", formatText, formatJSON, formatMarkdown, formatHTML)
	if err != nil {
		return err
	}
	return opts.needLedger(ctx, func(cfg *config.Config, ledger *state.Ledger) error {
		e := explainer{opts: opts, cfg: cfg, ledger: ledger}
		view, err := e.explain(ctx)
		if err != nil {
			return failed(err)
		}
		if err := opts.write(view, report.Format(format), s); err != nil {
			return err
		}
		for _, w := range e.warnings {
			_, _ = fmt.Fprintln(s.err, "warning: "+w)
		}
		if len(view.People) == 0 {
			return quietExit(exitFailed)
		}
		return nil
	})
}

type explainer struct {
	opts     explainOptions
	cfg      *config.Config
	ledger   *state.Ledger
	last     *reconcile.RunResult
	orders   []reconcile.Protection
	warnings []string
}

func (e *explainer) explain(ctx context.Context) (report.ExplainView, error) {
	view := report.ExplainView{Asked: e.opts.asked}
	people, err := agent.Persons(ctx, e.ledger, e.opts.asked)
	if err != nil {
		return view, err
	}
	if view.Elsewhere, err = e.elsewhere(ctx, people); err != nil || len(people) == 0 {
		return view, err
	}
	if e.orders, err = e.ledger.Protections(ctx); err != nil {
		return view, err
	}
	if err := e.lastPlan(ctx); err != nil {
		return view, err
	}
	for _, p := range people {
		person, err := e.person(ctx, p)
		if err != nil {
			return view, err
		}
		view.People = append(view.People, person)
	}
	return view, nil
}

// lastPlan finds the last run that came to a plan.
func (e *explainer) lastPlan(ctx context.Context) error {
	runs, err := e.ledger.Runs(ctx, 50)
	if err != nil {
		return err
	}
	for i, r := range runs {
		if i == 0 && r.Error != "" {
			e.warnings = append(e.warnings, fmt.Sprintf("the last run, of %s, did not come to its end: %s", moment(r.Started), printable(r.Error)))
		}
		_, result, err := rowOf(ctx, e.ledger, r.ID)
		if err != nil {
			return err
		}
		if result != nil && result.Hash != "" {
			e.last = result
			return nil
		}
	}
	return nil
}
