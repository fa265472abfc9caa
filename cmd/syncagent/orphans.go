package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
)

func newOrphansCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "orphans",
		Short: "List accounts on the mail server that nobody in the directory has",
		Long: `Lists the accounts of the mail server and shows those that no known person is linked
to and whose name and addresses nobody carries: mailboxes of people who left before
syncagent came, made by hand, or moved aside. Groups, administrators and our own
login are left out. Changes nothing; orphans are never touched by themselves. Those
that should go are handed over with claim, which reads this report in both forms.`,
		Example: `  syncagent orphans
  syncagent orphans --json | jq -r '.orphans[].name'`,
		GroupID: groupLook,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runOrphans(cmd.Context(), g, g.streams)
		},
	}
}

func runOrphans(ctx context.Context, g *globals, s streams) error {
	format, err := g.resultFormat("orphans", formatText, formatJSON)
	if err != nil {
		return err
	}
	cfg, err := g.loadConfig()
	if err != nil {
		return err
	}
	found, err := g.newAgent(cfg).Orphans(ctx)
	if err != nil {
		return failed(err)
	}
	if !found.Known {
		_, _ = fmt.Fprintln(s.err, "warning: "+noLedger+"; until then every account looks like an orphan")
	}
	if format == formatJSON {
		return writeJSON(s.out, found)
	}
	var b strings.Builder
	for _, o := range found.Orphans {
		b.WriteString(orphanLine(o))
	}
	fmt.Fprintf(&b, "%s of %s; %d left out (groups, administrators, our own)\n",
		counted(len(found.Orphans), "orphan"), counted(found.Accounts, "account"), found.Kept)
	if found.Known && len(found.Orphans) > 0 && !g.quiet {
		_, _ = fmt.Fprintln(s.err, "those that should go: keep their lines in a file and look at syncagent claim FILE --dry-run")
	}
	_, err = fmt.Fprint(s.out, b.String())
	return err
}

func orphanLine(o agent.Orphan) string {
	parts := []string{"account " + string(o.Account)}
	if o.Created != nil {
		parts = append(parts, "made on "+moment(*o.Created))
	}
	if o.UsedBytes >= 0 {
		parts = append(parts, counted(int(o.UsedBytes), "byte"))
	}
	if o.Suspended {
		parts = append(parts, "may not log in")
	}
	if o.Note != "" {
		parts = append(parts, o.Note)
	}
	line := printable(o.Name) + " (" + printable(strings.Join(parts, ", ")) + ")"
	if len(o.Addresses) > 0 {
		line += " " + printable(strings.Join(o.Addresses, ", "))
	}
	return line + "\n"
}
