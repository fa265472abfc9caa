package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"syncagent/internal/audit"
	"syncagent/internal/config"
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
		if err := later(cmd.Name() + " " + args[0]); err != nil {
			return err
		}
		return usageError(hint, "%s has no command %q", cmd.Name(), args[0])
	}
	return usageError(hint, "%s needs a command", cmd.Name())
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
