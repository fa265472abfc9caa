package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"syncagent/internal/audit"
)

func newAuditShow(g *globals) *cobra.Command {
	opts := auditOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show records of the audit log",
		Long: `Shows the records of the audit log, the oldest first, one a line. It does not verify
them; "audit verify" does that.`,
		Example: `  syncagent audit show --since 24h
  syncagent audit show --name alice@example.org
  syncagent audit show --event delete --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			format, err := g.resultFormat("audit show", formatText, formatJSON)
			if err != nil {
				return err
			}
			if format == formatJSON {
				opts.export = formatJSON
				return runAuditExport(cmd.Context(), opts, g.streams)
			}
			return runAuditShow(cmd.Context(), opts, g.streams)
		},
	}
	opts.addTo(cmd)
	return cmd
}

func runAuditShow(ctx context.Context, opts auditOptions, s streams) error {
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
	return failed(audit.Show(ctx, files, filter, func(rec audit.Record) error {
		_, err := fmt.Fprintln(s.out, recordLine(rec))
		return err
	}))
}

// recordLine is a record for people.
func recordLine(rec audit.Record) string {
	names := make([]string, 0, len(rec.Fields))
	for name := range rec.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	parts := []string{fmt.Sprintf("%d", rec.Seq), rec.Time.UTC().Format("2006-01-02T15:04:05Z"), strings.TrimSpace(rec.Event + " " + rec.Phase)}
	for _, name := range names {
		if text := fmt.Sprint(rec.Fields[name]); text != "" && text != "[]" {
			parts = append(parts, name+"="+text)
		}
	}
	if rec.Run != "" {
		parts = append(parts, "run="+rec.Run)
	}
	return printable(strings.Join(parts, "  "))
}
