package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write the reference anew")

// TestDocs keeps docs/reference in step with the commands; -update writes it.
func TestDocs(t *testing.T) {
	for name, text := range map[string]string{
		"commands.md":   commandsReference(),
		"exit-codes.md": exitCodesReference(),
	} {
		path := "../../docs/reference/" + name
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(have), text); diff != "" {
			t.Errorf("%s is out of date: go test ./cmd/syncagent -run Docs -update (-have +want):\n%s", path, diff)
		}
	}
}

// TestCommandsComplete: every command has what its help needs.
func TestCommandsComplete(t *testing.T) {
	root := newRoot(newGlobals(Main{}))
	for _, c := range allCommands(root) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: needs a short description without a full stop: %q", c.CommandPath(), c.Short)
		}
		if c.Parent() == root && c.GroupID == "" {
			t.Errorf("%s: needs a group", c.CommandPath())
		}
		if c != root && (c.PersistentPreRun != nil || c.PersistentPreRunE != nil) {
			t.Errorf("%s: the persistent pre-run belongs to the root", c.CommandPath())
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s: --%s is not explained", c.CommandPath(), f.Name)
			}
		})
	}
}

// allCommands lists a command and those below it, sorted by their paths.
func allCommands(c *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{c}
	children := slices.Clone(c.Commands())
	slices.SortFunc(children, func(a, b *cobra.Command) int { return strings.Compare(a.Name(), b.Name()) })
	for _, child := range children {
		list = append(list, allCommands(child)...)
	}
	return list
}

func generatedBy(b *strings.Builder) {
	b.WriteString("<!-- Generated from cmd/syncagent: go test ./cmd/syncagent -run Docs -update -->\n\n")
}

func commandsReference() string {
	var b strings.Builder
	root := newRoot(newGlobals(Main{}))
	b.WriteString("# Commands\n\n")
	generatedBy(&b)
	b.WriteString(root.Long + "\n\nResults go to standard output, the log and everything else to standard error. " +
		"The [exit codes](exit-codes.md) are the same for all commands.\n\n## Flags of every command\n\n")
	flagTable(&b, root.PersistentFlags())
	for _, c := range allCommands(root)[1:] {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n    %s\n", strings.TrimPrefix(c.CommandPath(), "syncagent "), c.Short, c.UseLine())
		if c.Long != "" {
			b.WriteString("\n```text\n" + strings.TrimSpace(c.Long) + "\n```\n")
		}
		if c.HasAvailableLocalFlags() {
			b.WriteString("\n")
			flagTable(&b, c.LocalFlags())
		}
		if c.Example != "" {
			b.WriteString("\nExamples:\n\n```sh\n" + strings.TrimRight(c.Example, "\n") + "\n```\n")
		}
	}
	return b.String()
}

func flagTable(b *strings.Builder, flags *pflag.FlagSet) {
	b.WriteString("| Flag | Meaning |\n|---|---|\n")
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if value != "" {
			name += " " + value
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, strings.ReplaceAll(usage, "|", `\|`))
	})
}

func exitCodesReference() string {
	var b strings.Builder
	b.WriteString("# Exit codes\n\n")
	generatedBy(&b)
	b.WriteString("Scripts may rely on these numbers; none ever changes its meaning.\n\n| Code | Meaning |\n|---|---|\n")
	for _, row := range exitCodes {
		fmt.Fprintf(&b, "| %d | %s |\n", row.code, row.meaning)
	}
	b.WriteString("\nIf several apply at once, the first of 8, 7, 6, 4, 5, 3, 2 is given.\n\n" +
		"5 is for what nobody can approve (a directory that was not read to its end, that is empty, or below `min_entries`), " +
		"4 for what somebody can (drop, canaries, limits, changed configuration). An unusable source stops its own people, and whatever " +
		"might take a name or address that it could own; other sources go on. " +
		"An answer that is older than one before (`older-snapshot`) ends with 5, too, as a replica that lags is its usual cause; a directory " +
		"that was set back on purpose can be approved all the same.\n\n" +
		"With `--json` an error is one line on standard error: " +
		"`{\"error\":{\"code\":64,\"message\":\"…\",\"hint\":\"…\"}}`, with `problems` where the configuration is wrong.\n")
	return b.String()
}
