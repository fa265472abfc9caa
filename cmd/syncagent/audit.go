package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
	"syncagent/internal/audit"
	"syncagent/internal/config"
	"syncagent/internal/state"
)

type auditOptions struct {
	*globals
	since string
	run   string
	event string
	name  string
	// export is the format of "audit export", which is not that of other commands.
	export string
}

func newAuditCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit verify|show|export",
		Short: "Verify, show or export the audit log",
		Long: `The audit log tells what was detected, decided and done, one record a line, each
with the hash of the one before. These commands only read it, with all files that
logrotate has made of it.`,
		GroupID: groupLook,
		RunE:    needSubcommand,
	}
	cmd.AddCommand(newAuditVerify(g), newAuditShow(g), newAuditExport(g))
	return cmd
}

// needSubcommand is for commands that do nothing by themselves.
func needSubcommand(cmd *cobra.Command, args []string) error {
	hint := "see '" + cmd.CommandPath() + " --help'"
	if len(args) > 0 {
		return usageError(hint, "%s has no command %q", cmd.Name(), args[0])
	}
	return usageError(hint, "%s needs a command", cmd.Name())
}

func newAuditVerify(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Prove that nothing was changed, lost or cut off",
		Long: `Verifies every record of the audit log, rotated files included, and that it holds
the record that the ledger remembers as its last. With audit.sign_key the signatures
are checked too. Names the first bad line and ends with 8 if there is one.`,
		Example: `  syncagent audit verify && echo "not touched"`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runAuditVerify(cmd.Context(), g, g.streams)
		},
	}
}

func runAuditVerify(ctx context.Context, g *globals, s streams) error {
	format, err := g.resultFormat("audit verify", formatText, formatJSON)
	if err != nil {
		return err
	}
	return g.withLedger(ctx, func(cfg *config.Config, ledger *state.Ledger) error {
		files, err := auditFiles(ctx, cfg)
		if err != nil {
			return err
		}
		o := audit.VerifyOptions{Files: files}
		if o.Anchor, err = agent.Anchor(ctx, ledger); err != nil {
			return failed(err)
		}
		if cfg.Audit.SignKey != nil {
			key, err := cfg.Audit.SignKey.Read()
			if err != nil {
				return fail(exitUsage, err, "")
			}
			o.Key = []byte(key)
		}
		rep, err := audit.Verify(ctx, o)
		if err != nil {
			if _, ok := errors.AsType[*audit.BrokenError](err); ok {
				return fail(exitUntrusted, err, "nothing is done until this is cleared up: compare with a copy of the log")
			}
			return failed(err)
		}
		if format == formatJSON {
			return writeJSON(s.out, rep)
		}
		text := fmt.Sprintf("ok: %s in %s", counted(rep.Records, "record"), counted(len(files), "file"))
		if rep.Records > 0 {
			text += fmt.Sprintf(", from %s to %s", moment(rep.From), moment(rep.To))
		}
		if rep.Before.Seq > 0 {
			text += fmt.Sprintf("; the records up to %d are in files that are not here", rep.Before.Seq)
		}
		if rep.Anchored {
			text += "; it ends where the ledger remembers, or later"
		}
		if o.Key != nil && rep.Unsigned > 0 {
			text += fmt.Sprintf("; %s without a signature", counted(rep.Unsigned, "record"))
		}
		_, err = fmt.Fprintln(s.out, text)
		return err
	})
}

// auditFiles gives the files of the log, or says that there is none yet.
func auditFiles(ctx context.Context, cfg *config.Config) ([]string, error) {
	files, err := audit.Files(ctx, cfg.Audit.File)
	if err == nil && len(files) == 1 {
		_, err = os.Stat(files[0])
	}
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(files) == 0 {
		return nil, fail(exitFailed, fmt.Errorf("there is no audit log yet: %s", cfg.Audit.File), "the first run makes it")
	}
	if err != nil {
		return nil, failed(err)
	}
	return files, nil
}

func (o *auditOptions) addTo(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.since, "since", "", "only records from this `TIME` on: 2026-11-23, 2026-11-23T02:00:00Z, or a duration such as 24h")
	flags.StringVar(&o.run, "run", "", "only records of this `RUN` (or the beginning of its ID)")
	flags.StringVar(&o.event, "event", "", "only records of this `EVENT`: rename, delete, approve, run …")
	flags.StringVar(&o.name, "name", "", "only records with this `NAME`, address or ID")
}

func (o auditOptions) filter() (audit.Filter, error) {
	f := audit.Filter{Run: o.run, Event: o.event, Name: o.name}
	if o.since == "" {
		return f, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02"} {
		if t, err := time.Parse(layout, o.since); err == nil {
			f.Since = t
			return f, nil
		}
	}
	ago, err := config.ParseDuration(o.since)
	if err != nil {
		return f, usageError("such as 2026-11-23, 2026-11-23T02:00:00Z or 24h", "--since %q is neither a time nor a duration", o.since)
	}
	f.Since = o.now().Add(-ago.Std())
	return f, nil
}

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
