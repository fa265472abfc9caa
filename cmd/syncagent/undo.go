package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/state"
)

func newUndoCommand(g *globals) *cobra.Command {
	dry, letGo := false, false
	cmd := &cobra.Command{
		Use:   "undo RUN [--dry-run] [--let-go]",
		Short: "Take the renames, parks and suspensions of a run back",
		Long: `Gives the accounts that a run renamed, moved aside or cut off their names, addresses
and access back, as far as they are still as that run left them and nobody else has
the names now. It is planned like any other run and passes the same limits. What
cannot be taken back is told: a deleted mailbox comes back only from its archive.

An account that was given back is left alone until its entry in the directory
changes, so correct the directory. --let-go ends these holds: the next run decides anew,
and does again what was taken back if the directory still says so.`,
		Example: `  syncagent history
  syncagent undo 20260302T020000Z-1a2b3c4d --dry-run
  syncagent undo 20260302T020000Z-1a2b3c4d`,
		GroupID: groupRepair,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usageError("syncagent undo RUN; syncagent history lists the runs", "undo needs one run")
			}
			return runUndo(cmd.Context(), g, args[0], dry, letGo, g.streams)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show what would be taken back, and change nothing at all")
	cmd.Flags().BoolVar(&letGo, "let-go", false, "do not take anything back, but end the holds that an undo of RUN left")
	return cmd
}

func runUndo(ctx context.Context, g *globals, run string, dry, letGo bool, s streams) error {
	err := g.needLedger(ctx, func(_ *config.Config, ledger *state.Ledger) error {
		found, err := ledger.Run(ctx, run)
		switch {
		case errors.Is(err, state.ErrNotFound):
			return fail(exitFailed, fmt.Errorf("no run %q is known", run), "syncagent history lists the runs")
		case err != nil:
			return failed(err)
		}
		run = found.ID
		return nil
	})
	if err != nil {
		return err
	}
	return g.runOrder(ctx, "undo", dry, agent.Order{Undo: &agent.UndoOrder{Run: run, LetGo: letGo}}, s)
}
