package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"syncagent/internal/config"
	"syncagent/internal/state"
)

func newStateMigrate(g *globals) *cobra.Command {
	dry := false
	cmd := &cobra.Command{
		Use:   "migrate [--dry-run]",
		Short: "Bring the schema of the ledger up to date",
		Long: `Brings the schema of the ledger to that of this version, as the first run after an
upgrade would. Take a backup before: an older version refuses a newer schema. Takes
the lock, so that no run is on.`,
		Example: `  syncagent state backup /var/backups/before-upgrade.db
  syncagent state migrate`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runStateMigrate(cmd.Context(), g, dry, g.streams)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only tell the schema, and change nothing at all")
	return cmd
}

func runStateMigrate(ctx context.Context, g *globals, dry bool, s streams) error {
	format, err := g.resultFormat("state migrate", formatText, formatJSON)
	if err != nil {
		return err
	}
	return g.needLedger(ctx, func(cfg *config.Config, ledger *state.Ledger) error {
		sum, err := ledger.Summary(ctx)
		if err != nil {
			return failed(err)
		}
		before := ledger.SchemaBefore()
		if !dry {
			if err := migrateLedger(ctx, g, cfg); err != nil {
				return err
			}
		}
		if format == formatJSON {
			return writeJSON(s.out, map[string]any{"before": before, "schema": sum.Schema, "dry_run": dry})
		}
		text := fmt.Sprintf("schema %d: up to date\n", sum.Schema)
		switch {
		case before != sum.Schema && dry:
			text = fmt.Sprintf("schema %d; this version has %d\n", before, sum.Schema)
		case before != sum.Schema:
			text = fmt.Sprintf("schema %d is now %d\n", before, sum.Schema)
		}
		_, err = fmt.Fprint(s.out, text)
		return err
	})
}

// migrateLedger opens the ledger for writing, which brings it up to date, while
// no run is on.
func migrateLedger(ctx context.Context, g *globals, cfg *config.Config) error {
	unlock, err := lockForRestore(cfg.State.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	ledger, err := state.Open(ctx, state.Options{Dir: cfg.State.Dir, Mode: state.ReadWrite, Now: g.now, Command: "syncagent state migrate"})
	if err != nil {
		return failed(err)
	}
	if err := ledger.Close(); err != nil {
		return failed(errors.Join(errors.New("close the ledger"), err))
	}
	return nil
}
