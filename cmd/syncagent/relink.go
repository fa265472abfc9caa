package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
)

type relinkOptions struct {
	*globals
	by   string
	dry  bool
	only []string
}

func newRelinkCommand(g *globals) *cobra.Command {
	opts := relinkOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "relink [NAME|ID…] [--by name|attribute] [--dry-run]",
		Short: "Link known people to new stable IDs or new accounts",
		Long: `Finds people who vanished from the directory under one stable ID and came back under
another one, and people whose account is gone while another one has their name: the
directory was moved or loaded anew, the mail server was replaced or restored. It
notes the new links in the ledger; nothing changes on the mail server.

--by name links only where exactly one living entry and one known account have the
name, and both IDs never lived at the same time. --by attribute links where the
attributes of map.same_person agree; two empty values do not agree.

Look at the pairs with --dry-run first. The limits of renames count: many links at
once need an approval. With NAME or ID only these people are touched; then an account
that was held as unproven is linked, too, if it alone has the person's name.`,
		Example: `  syncagent relink --dry-run
  syncagent relink --by attribute
  syncagent relink alice@example.org`,
		GroupID: groupRepair,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.only = args
			return runRelink(cmd.Context(), opts, g.streams)
		},
	}
	cmd.Flags().StringVar(&opts.by, "by", "name", "what proves a link: `WAY` is name or attribute")
	cmd.Flags().BoolVar(&opts.dry, "dry-run", false, "show the pairs, and change nothing at all")
	return cmd
}

func runRelink(ctx context.Context, opts relinkOptions, s streams) error {
	by := reconcile.RelinkBy(opts.by)
	if by != reconcile.RelinkByName && by != reconcile.RelinkByAttribute {
		return usageError("--by name or --by attribute", "--by %q is not known", opts.by)
	}
	for _, only := range opts.only {
		if strings.TrimSpace(only) == "" {
			return usageError("see 'syncagent relink --help'", "an empty name cannot be linked")
		}
	}
	if by == reconcile.RelinkByAttribute {
		if err := opts.needsSamePerson(); err != nil {
			return err
		}
	}
	return opts.runOrder(ctx, "relink", opts.dry, agent.Order{Relink: &agent.RelinkOrder{By: by, Only: opts.only}}, s)
}

// needsSamePerson refuses to link by attributes that no source maps.
func (o relinkOptions) needsSamePerson() error {
	cfg, err := o.loadConfig()
	if err != nil {
		return err
	}
	for _, source := range cfg.Sources {
		if len(source.Map.SamePerson) > 0 {
			return nil
		}
	}
	return usageError("configure map.same_person, or use --by name", "--by attribute needs map.same_person, which no source has")
}
