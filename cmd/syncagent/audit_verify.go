package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
	"syncagent/internal/audit"
	"syncagent/internal/config"
	"syncagent/internal/state"
)

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
		if o.Key, err = cfg.Audit.Key(); err != nil {
			return fail(exitUsage, err, "")
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
