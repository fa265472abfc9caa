package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
)

type claimOptions struct {
	*globals
	file   string
	source string
	dry    bool
}

func newClaimCommand(g *globals) *cobra.Command {
	opts := claimOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "claim FILE [--source NAME] [--dry-run]",
		Short: "Let listed orphans count as people who have left",
		Long: `Puts accounts that nobody in the directory has into the way that leads to deletion,
as if their owners had left now: grace, limits, export and protections of the source
hold for them. FILE is what "orphans" wrote, as text or JSON, without the lines of
accounts that shall stay; - reads it from standard input.

Every source is asked again for the name and every address, without its filter.
Accounts that belong to somebody, are protected, are no plain users, or are not as
the report shows them are refused and told (exit code 3). Should an entry turn up
that carries the name or an address, the account is never deleted.`,
		Example: `  syncagent orphans > orphans.txt
  $EDITOR orphans.txt
  syncagent claim orphans.txt --dry-run
  syncagent claim orphans.txt`,
		GroupID: groupRepair,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usageError("syncagent claim FILE", "claim needs one file with the accounts")
			}
			opts.file = args[0]
			return runClaim(cmd.Context(), opts, g.streams)
		},
	}
	cmd.Flags().StringVar(&opts.source, "source", "", "the source `NAME` whose policy counts; needed if there are several")
	cmd.Flags().BoolVar(&opts.dry, "dry-run", false, "show what would be claimed, and change nothing at all")
	return cmd
}

func runClaim(ctx context.Context, opts claimOptions, s streams) error {
	source, err := opts.claimSource()
	if err != nil {
		return err
	}
	claims, err := opts.readClaims(s.in)
	if err != nil {
		return err
	}
	if len(claims) == 0 {
		return fail(exitUsage, fmt.Errorf("%s lists no account", opts.file), "write it with: syncagent orphans --output "+opts.file)
	}
	return opts.runOrder(ctx, "claim", opts.dry, agent.Order{Claim: &agent.ClaimOrder{Source: source, Claims: claims}}, s)
}

// claimSource is the source whose policy counts.
func (o claimOptions) claimSource() (string, error) {
	cfg, err := o.loadConfig()
	if err != nil {
		return "", err
	}
	if o.source == "" && len(cfg.Sources) == 1 {
		return cfg.Sources[0].Name, nil
	}
	if cfg.SourceNamed(o.source) != nil {
		return o.source, nil
	}
	if o.source == "" {
		return "", usageError("add --source NAME: its policy counts for the accounts", "there are several sources")
	}
	return "", usageError("sources of the configuration can be named", "--source: there is no source %q", o.source)
}

func (o claimOptions) readClaims(in io.Reader) ([]reconcile.Claim, error) {
	if o.file != "-" {
		file, err := os.Open(o.file)
		if err != nil {
			return nil, fail(exitUsage, fmt.Errorf("read the accounts: %w", err), "")
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	claims, err := parseClaims(in)
	if err != nil {
		return nil, fail(exitUsage, fmt.Errorf("%s: %w", o.file, err), "the file is what syncagent orphans wrote, as text or with --json")
	}
	return claims, nil
}
