package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
)

func newStateRebuild(g *globals) *cobra.Command {
	dry := false
	cmd := &cobra.Command{
		Use:   "rebuild [--dry-run]",
		Short: "Make a lost ledger anew from the audit log",
		Long: `Follows the audit log, which must verify, from its beginning and makes the ledger
anew: who has which account, what was cut or moved aside, what people protected. Each
link is compared with the mail server; what it does not bear out is left out and
told. The old ledger is moved aside and kept. Takes the lock, so that no run is on.

What only the ledger knew is gone: the grace of people who are missing begins again,
and until their absence is approved nobody counts as gone. Look at the next run with
"syncagent sync --dry-run" first. A ledger that can be read and is not behind the
audit log is not touched.`,
		Example: `  syncagent state rebuild --dry-run
  syncagent state rebuild && syncagent sync --dry-run`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runStateRebuild(cmd.Context(), g, dry, g.streams)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show what would be restored, and change nothing at all")
	return cmd
}

func runStateRebuild(ctx context.Context, g *globals, dry bool, s streams) error {
	format, err := g.resultFormat("state rebuild", formatText, formatJSON)
	if err != nil {
		return err
	}
	cfg, err := g.loadConfig()
	if err != nil {
		return err
	}
	dir, aside := cfg.State.Dir, ""
	if !dry {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return failed(fmt.Errorf("rebuild the ledger: %w", err))
		}
		unlock, err := lockForRestore(dir)
		if err != nil {
			return err
		}
		defer unlock()
	}
	rep, err := g.newAgent(cfg).Rebuild(ctx, agent.RebuildOptions{DryRun: dry, Place: func() (back func() error, err error) {
		aside, back, err = moveAside(dir, g.now().UTC().Format("20060102T150405Z"))
		return back, err
	}})
	switch {
	case errors.Is(err, agent.ErrLedgerWhole):
		return fail(exitFailed, err, "syncagent state show tells what it holds")
	case err != nil:
		return failed(err)
	}
	if format == formatJSON {
		return writeJSON(s.out, rep)
	}
	_, err = fmt.Fprint(s.out, rebuildText(rep, dry, aside))
	return err
}

func rebuildText(rep agent.RebuildReport, dry bool, aside string) string {
	var b strings.Builder
	verb := "restored"
	if dry {
		verb = "would restore"
	}
	fmt.Fprintf(&b, "%s from %s of the audit log:\n", verb, counted(rep.Records, "record"))
	for _, name := range slices.Sorted(maps.Keys(rep.Linked)) {
		fmt.Fprintf(&b, "  source %s: %s\n", printable(name), counted(rep.Linked[name], "link"))
	}
	fmt.Fprintf(&b, "  %d of them cut off or moved aside by syncagent; %s, %s\n", rep.Cut, counted(rep.Tombstones, "tombstone"), counted(rep.Protections, "protection"))
	if rep.Before > 0 {
		fmt.Fprintf(&b, "  the records up to %d are in files that are not here: who was linked there is held as unproven\n", rep.Before)
	}
	for _, n := range rep.Notes {
		fmt.Fprintf(&b, "  %s (%s of source %s): %s\n", printable(n.Name), printable(string(n.StableID)), printable(n.Source), printable(n.Message))
	}
	if aside != "" {
		fmt.Fprintf(&b, "the old ledger is kept as %s\n", aside)
	}
	if !dry {
		b.WriteString("look at what the next run would do with: syncagent sync --dry-run\n")
	}
	return b.String()
}
