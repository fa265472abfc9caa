package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
)

type exportOptions struct {
	*globals
	name string
	dir  string
}

// exported is the answer of export --json.
type exported struct {
	Archive        string         `json:"archive"`
	Account        string         `json:"account"`
	Name           string         `json:"name"`
	Counts         map[string]int `json:"counts"`
	Bytes          int64          `json:"bytes"`
	ManifestSHA256 string         `json:"manifest_sha256"`
	// Kept counts the contents that an earlier, interrupted try had fetched.
	Kept int `json:"kept"`
	// Lost tells what the account has, or may have, that this server does not show.
	Lost []string `json:"lost,omitempty"`
}

func newExportCommand(g *globals) *cobra.Command {
	opts := exportOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "export NAME [--out DIR]",
		Short: "Export one account into a verified archive",
		Long: `Brings everything that an account holds into an archive: mailboxes, messages with
their keywords, dates and mailboxes, Sieve scripts, the vacation response,
identities, contacts, calendars, files and the account's record. NAME is the
account's name or one of its addresses. The archive is read back and compared with
the server before it gets its name. Nothing is changed on the server.

An interrupted export goes on where it ended when it is called again. It works for
accounts of people who have left and for those that are suspended.`,
		Example: `  syncagent export alice@example.org
  syncagent export alice@example.org --out /mnt/archive`,
		GroupID: groupRepair,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || strings.TrimSpace(args[0]) == "" {
				return usageError("see 'syncagent export --help'", "export needs the name of one account")
			}
			opts.name = strings.TrimSpace(args[0])
			return runExport(cmd.Context(), opts, g.streams)
		},
	}
	cmd.Flags().StringVar(&opts.dir, "out", "", "`DIR` for the archive (default policy.export.dir)")
	return cmd
}

func runExport(ctx context.Context, opts exportOptions, s streams) error {
	format, err := opts.resultFormat("export", formatText, formatJSON)
	if err != nil {
		return err
	}
	cfg, err := opts.loadConfig()
	if err != nil {
		return err
	}
	progress, end := opts.progress(s.err)
	result, err := opts.newAgent(cfg).ExportAccount(ctx, agent.ExportOrder{
		Name: opts.name, Dir: opts.dir, Command: "syncagent export", Progress: progress,
	})
	end()
	if err != nil {
		return failed(err)
	}
	if format == formatJSON {
		return writeJSON(s.out, exported{
			Archive: result.Path, Account: string(result.Account), Name: result.Name, Counts: result.Counts,
			Bytes: result.Bytes, ManifestSHA256: result.ManifestSHA256, Kept: result.Kept, Lost: result.Lost(),
		})
	}
	for _, lost := range result.Lost() {
		_, _ = fmt.Fprintf(s.err, "warning: it may lack something: %s\n", printable(lost))
	}
	_, err = fmt.Fprintf(s.out, "%s (account %s): %s; %s\nverified; manifest SHA-256 %s\n%s\n",
		printable(result.Name), result.Account, contents(result.Counts), size(result.Bytes), result.ManifestSHA256, printable(result.Path))
	return err
}

// nouns are the words for what an archive holds, in the order of the archive.
var nouns = []struct{ kind, noun string }{
	{"Email", "message"},
	{"Mailbox", "mailbox"},
	{"SieveScript", "Sieve script"},
	{"VacationResponse", "vacation response"},
	{"Identity", "identity"},
	{"AddressBook", "address book"},
	{"ContactCard", "contact"},
	{"Calendar", "calendar"},
	{"CalendarEvent", "event"},
	{"FileNode", "file"},
}

// contents tells numbers of objects to people.
func contents(counts map[string]int) string {
	var parts []string
	rest := maps.Clone(counts)
	for _, n := range nouns {
		if counts[n.kind] > 0 || n.kind == "Email" {
			parts = append(parts, counted(counts[n.kind], n.noun))
		}
		delete(rest, n.kind)
	}
	for _, kind := range slices.Sorted(maps.Keys(rest)) {
		if rest[kind] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", rest[kind], kind))
		}
	}
	return strings.Join(parts, ", ")
}
