package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
)

type restoreOptions struct {
	*globals
	archive string
	to      string
	// identity is a file with age keys.
	identity string
}

// restored is the answer of restore --json.
type restored struct {
	Archive  string         `json:"archive"`
	Account  string         `json:"account"`
	Name     string         `json:"name"`
	Restored map[string]int `json:"restored"`
	Existing map[string]int `json:"existing"`
	Problems []problem      `json:"problems"`
}

// problem is an object that could not be restored.
type problem struct {
	Kind   string `json:"kind"`
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Reason string `json:"reason"`
}

func newRestoreCommand(g *globals) *cobra.Command {
	opts := restoreOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "restore ARCHIVE --to NAME",
		Short: "Put an archive into an account",
		Long: `Puts the contents of an archive that "export" or a deletion made into an account
that exists: mailboxes, messages with their keywords, dates and mailboxes, Sieve
scripts, the vacation response, signatures, contacts, calendars and files. It only
adds: nothing of the account is overwritten or removed. The archive is verified
before anything is written. An encrypted one (export.encrypt_to) needs the file with
the secret key.

Called again, it goes on where it ended and makes nothing twice. What could not be
restored is listed, with the reason, and the exit code is 3.`,
		Example: `  syncagent restore /var/lib/syncagent/archive/alice@example.org-c-20260301T020000Z --to alice@example.org`,
		GroupID: groupRepair,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) != 1 || strings.TrimSpace(args[0]) == "":
				return usageError("see 'syncagent restore --help'", "restore needs the directory of one archive")
			case strings.TrimSpace(opts.to) == "":
				return usageError("add --to NAME", "restore needs the account that gets the contents")
			}
			opts.archive = args[0]
			return runRestore(cmd.Context(), opts, g.streams)
		},
	}
	cmd.Flags().StringVar(&opts.to, "to", "", "`NAME` or address of the account that gets the contents")
	cmd.Flags().StringVar(&opts.identity, "identity", "", "`FILE` with the secret age key, for an encrypted archive")
	return cmd
}

func runRestore(ctx context.Context, opts restoreOptions, s streams) error {
	format, err := opts.resultFormat("restore", formatText, formatJSON)
	if err != nil {
		return err
	}
	cfg, err := opts.loadConfig()
	if err != nil {
		return err
	}
	if _, err := os.Stat(opts.archive); errors.Is(err, fs.ErrNotExist) {
		return fail(exitFailed, fmt.Errorf("there is no archive %s", opts.archive), "policy.export.dir is "+cfg.Policy.Export.Dir)
	}
	progress, end := opts.progress(s.err)
	report, err := opts.newAgent(cfg).RestoreArchive(ctx, agent.RestoreOrder{
		Archive: opts.archive, To: opts.to, Command: "syncagent restore", Progress: progress, Identity: opts.identity,
	})
	end()
	if err != nil {
		return failed(err)
	}
	out := restored{opts.archive, string(report.Account), report.Name, report.Restored, report.Existing, []problem{}}
	for _, p := range report.Problems {
		out.Problems = append(out.Problems, problem(p))
	}
	if format == formatJSON {
		err = writeJSON(s.out, out)
	} else {
		_, err = fmt.Fprint(s.out, restoredText(out))
	}
	if err == nil && len(out.Problems) > 0 {
		return quietExit(exitPartial)
	}
	return err
}

func restoredText(r restored) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (account %s)\nrestored: %s\n", printable(r.Name), r.Account, contents(r.Restored))
	if total(r.Existing) > 0 {
		fmt.Fprintf(&b, "there already: %s\n", contents(r.Existing))
	}
	for _, p := range r.Problems {
		name := p.Name
		if name == "" {
			name = p.ID
		}
		fmt.Fprintf(&b, "not restored: %s %s: %s\n", p.Kind, printable(name), printable(p.Reason))
	}
	return b.String()
}

func total(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}
