package main

import (
	"context"

	"github.com/spf13/cobra"

	"syncagent/internal/audit"
)

func newAuditExport(g *globals) *cobra.Command {
	opts := auditOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Export records of the audit log as CSV or JSON",
		Long: `Writes the chosen records as one JSON array, as they stand in the log, or as CSV with
one row each. It does not verify them; "audit verify" does that.`,
		Example: `  syncagent audit export --format csv --since 2026-01-01 --output 2026.csv
  syncagent audit export --run 20261123T0215`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.json && opts.export == "csv" && cmd.Flags().Changed("format") {
				return usageError("", "--json and --format csv contradict each other")
			}
			return runAuditExport(cmd.Context(), opts, g.streams)
		},
	}
	opts.addTo(cmd)
	cmd.Flags().StringVar(&opts.export, "format", formatJSON, "`FORMAT` of the export: json or csv")
	return cmd
}

func runAuditExport(ctx context.Context, opts auditOptions, s streams) error {
	formats := map[string]audit.Format{formatJSON: audit.JSON, "csv": audit.CSV}
	format, ok := formats[opts.export]
	if !ok {
		return usageError("", "audit export has no format %s: use json or csv", opts.export)
	}
	cfg, err := opts.loadConfig()
	if err != nil {
		return err
	}
	filter, err := opts.filter()
	if err != nil {
		return err
	}
	files, err := auditFiles(ctx, cfg)
	if err != nil {
		return err
	}
	return failed(audit.Export(ctx, s.out, format, files, filter))
}
