package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"syncagent/internal/agent"
	"syncagent/internal/report"
)

type syncOptions struct {
	*globals
	dryRun    bool
	check     bool
	adoptAnew bool
}

func newSyncCommand(g *globals) *cobra.Command {
	opts := syncOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Make one run: read, compare, rename, delete, purge",
		Long: `Makes one run: reads the directories, compares them with what is known by stable
ID, renames the accounts of people whose username changed, and takes the accounts
of people who have left through grace to deletion and purge.

The first run only learns who is who and changes nothing. Whatever is in doubt is
held and explained, never guessed.

--adopt-anew makes a first run although the ledger was lost. It links people by name,
and holds every name that the audit log has seen under another ID; a person links
those with "relink NAME". "state rebuild" restores more, and guesses less.

--dry-run shows what would be done now. It changes nothing at all, neither on the
server nor here, creates no file and takes no lock. --check is a dry run that ends
with 2 if anything would be done now; people in grace and holds do not count.`,
		Example: `  syncagent sync --dry-run
  syncagent sync
  syncagent sync --check && echo "nothing to do"`,
		GroupID: groupSync,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSync(cmd.Context(), opts, g.streams)
		},
	}
	cmd.Flags().BoolVar(&opts.dryRun, "dry-run", false, "show what would be done, and change nothing at all")
	cmd.Flags().BoolVar(&opts.check, "check", false, "a dry run that ends with 2 if anything would be done now")
	cmd.Flags().BoolVar(&opts.adoptAnew, "adopt-anew", false, "begin with an empty ledger although there are traces of an earlier one")
	return cmd
}

func runSync(ctx context.Context, opts syncOptions, s streams) error {
	dry := opts.dryRun || opts.check
	if opts.adoptAnew && dry {
		return usageError("", "--adopt-anew begins a new ledger, which a dry run cannot do")
	}
	rep, format, err := opts.oneRun(ctx, agent.RunOptions{
		DryRun: dry, AdoptAnew: opts.adoptAnew, Trigger: "command", Command: "syncagent sync",
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
	if opts.check && rep.Pending() {
		code = firstCode(code, exitPending)
	}
	if code != exitOK {
		return quietExit(code)
	}
	return nil
}

// oneRun loads the configuration and makes a run. The report is nil if none was
// begun.
func (g *globals) oneRun(ctx context.Context, o agent.RunOptions) (*agent.Report, report.Format, error) {
	format, err := g.resultFormat(strings.TrimPrefix(o.Command, "syncagent "), formatText, formatJSON, formatMarkdown, formatHTML)
	if err != nil {
		return nil, "", err
	}
	cfg, err := g.loadConfig()
	if err != nil {
		return nil, "", err
	}
	log := g.logger(cfg.Log)
	defer func() { _ = log.Sync() }() // a terminal or pipe cannot be synced
	rep, err := agent.New(agent.Options{Config: cfg, Log: log, Now: g.now}).Run(ctx, o)
	return rep, report.Format(format), err
}

// writeRun writes a plan or the result of a run.
func (g *globals) writeRun(rep *agent.Report, format report.Format, s streams) error {
	view := report.OfRun(rep.Result)
	if rep.DryRun {
		view = report.OfPlan(rep.Result.Plan)
	}
	return g.write(view, format, s)
}

// write writes a view in the format that was asked for.
func (g *globals) write(view report.View, format report.Format, s streams) error {
	return report.Write(s.out, format, view, report.Options{Color: g.useColor(s.out), Width: widthOf(s.out), Verbose: g.verbose})
}

// widthOf is the width of a terminal, 0 for anything else.
func widthOf(stream any) int {
	file, ok := stream.(interface{ Fd() uintptr })
	if !ok || !isTerminal(stream) {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}
