package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
)

func newDoctorCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look at directory, mail server and permissions, and say what to mend",
		Long: `Looks at all that a run needs, live: that secrets can be read and not by everybody,
state directory and audit log, the mail server with its version, domains, clock and
the permissions of our login, and each source: connection, encryption, base, filter,
stable IDs, look-ups. One line for each, with what to do about it. Changes nothing.

Ends with the code of what failed: 5 for a source, 6 for the mail server, 8 for
ledger or audit log, 64 for configuration and secrets. Warnings end with 0.`,
		Example: `  syncagent doctor
  syncagent doctor --json | jq '.checks[] | select(.status != "ok")'`,
		GroupID: groupStart,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDoctor(cmd.Context(), g, g.streams)
		},
	}
}

// doctorResult is the answer of doctor --json.
type doctorResult struct {
	OK       bool          `json:"ok"`
	Warnings int           `json:"warnings"`
	Failures int           `json:"failures"`
	Checks   []agent.Check `json:"checks"`
}

func runDoctor(ctx context.Context, g *globals, s streams) error {
	format, err := g.resultFormat("doctor", formatText, formatJSON)
	if err != nil {
		return err
	}
	cfg, err := g.loadConfig()
	if err != nil {
		return err
	}
	result := doctorResult{Checks: []agent.Check{}}
	for _, w := range cfg.Warnings {
		result.add(agent.Check{Subject: "configuration", Name: w.Path, Status: agent.CheckWarning, Message: w.Message, Hint: w.Hint}, s, format)
	}
	err = g.newAgent(cfg).Doctor(ctx, func(c agent.Check) { result.add(c, s, format) })
	if err != nil {
		return err
	}
	result.OK = result.Failures == 0
	if format == formatJSON {
		err = writeJSON(s.out, result)
	} else {
		_, err = fmt.Fprintf(s.out, "%s, %s, %s\n", counted(len(result.Checks), "check"), counted(result.Failures, "failure"), counted(result.Warnings, "warning"))
	}
	if err != nil {
		return err
	}
	if code := result.code(); code != exitOK {
		return quietExit(code)
	}
	return nil
}

// add counts a check and shows it as soon as it is known.
func (r *doctorResult) add(c agent.Check, s streams, format string) {
	r.Checks = append(r.Checks, c)
	switch c.Status {
	case agent.CheckWarning:
		r.Warnings++
	case agent.CheckFailure:
		r.Failures++
	case agent.CheckOK:
	}
	if format == formatText {
		showCheck(s.out, c)
	}
}

func showCheck(w io.Writer, c agent.Check) {
	// What cannot be written is told by the last line, which is checked.
	_, _ = fmt.Fprintf(w, "%-8s %s, %s: %s\n", c.Status, printable(c.Subject), printable(c.Name), printable(c.Message))
	if c.Hint != "" && c.Status != agent.CheckOK {
		_, _ = fmt.Fprintf(w, "         → %s\n", printable(c.Hint))
	}
}

// code is the exit code of the worst failure; wrong configuration counts
// before all others, because it explains them.
func (r *doctorResult) code() exitCode {
	var codes []exitCode
	for _, c := range r.Checks {
		if c.Status != agent.CheckFailure {
			continue
		}
		if exitCode(c.Exit) == exitUsage {
			return exitUsage
		}
		codes = append(codes, exitCode(c.Exit))
	}
	return firstCode(codes...)
}
