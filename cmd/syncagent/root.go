package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// The groups of commands in the help.
const (
	groupStart  = "start"
	groupSync   = "sync"
	groupLook   = "look"
	groupRepair = "repair"
	groupOther  = "other"
)

// commands lists all commands; each has a file of its own.
func commands(g *globals) []*cobra.Command {
	return []*cobra.Command{
		newDemoCommand(g),
		newCheckCommand(g),
		newSyncCommand(g),
		newPlanCommand(g),
		newApplyCommand(g),
		newApproveCommand(g),
		newStatusCommand(g),
		newHistoryCommand(g),
		newShowCommand(g),
		newExplainCommand(g),
		newOrphansCommand(g),
		newDoctorCommand(g),
		newAuditCommand(g),
		newStateCommand(g),
		newExportCommand(g),
		newRestoreCommand(g),
		newProtectCommand(g),
		newUnprotectCommand(g),
		newClaimCommand(g),
		newRelinkCommand(g),
		newUndoCommand(g),
		newRunCommand(g),
		newVersionCommand(g),
		newCompletionCommand(g),
	}
}

func newRoot(g *globals) *cobra.Command {
	root := &cobra.Command{
		Use:   "syncagent COMMAND [flags]",
		Short: "Keeps the accounts of a Stalwart Mail Server in step with its directories",
		Long: `Keeps the accounts of a Stalwart Mail Server in step with the LDAP and SQL
directories that their users come from: renames what was renamed there, removes
what is gone there, and does nothing whenever it is in doubt.`,
		Args:              cobra.ArbitraryArgs,
		RunE:              runRoot,
		PersistentPreRunE: g.begin,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SuggestionsMinimumDistance = 2
	g.addFlags(root)
	root.SetIn(g.streams.in)
	root.SetOut(g.streams.out)
	root.SetErr(g.streams.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError("see '"+cmd.CommandPath()+" --help'", "%w", err)
	})
	all := append(commands(g), newHelpCommand())
	addGroups(root, all)
	root.AddCommand(all...)
	root.SetHelpCommand(all[len(all)-1])
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(),
		"{{if .HasAvailableSubCommands}}\n  {{.CommandPath}} [command]{{end}}", "", 1))
	root.SetHelpTemplate(root.HelpTemplate() + "\n" + exitCodeTable())
	return root
}

// addGroups adds the groups that have a command, in their order.
func addGroups(root *cobra.Command, all []*cobra.Command) {
	for _, group := range []*cobra.Group{
		{ID: groupStart, Title: "First steps:"},
		{ID: groupSync, Title: "Keeping in step:"},
		{ID: groupLook, Title: "Looking:"},
		{ID: groupRepair, Title: "Repairing:"},
		{ID: groupOther, Title: "Other:"},
	} {
		if slices.ContainsFunc(all, func(c *cobra.Command) bool { return c.GroupID == group.ID }) {
			root.AddGroup(group)
		}
	}
}

// notBuilt are commands of the contract that this build does not have. A name
// leaves the list when its command is built.
var notBuilt = []string{"init", "replay"}

// later tells that a command is known, but not built yet; nil if it is not
// known at all.
func later(command string) error {
	if !slices.Contains(notBuilt, command) {
		return nil
	}
	return usageError("'syncagent help' lists the commands that it has", "the command %s is not in this build", command)
}

// runRoot is called if no command was named, or an unknown one.
func runRoot(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		if err := later(args[0]); err != nil {
			return err
		}
		hint := "'syncagent help' lists the commands"
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "did you mean " + near[0] + "?"
		}
		return usageError(hint, "unknown command %q", args[0])
	}
	if err := cmd.Help(); err != nil {
		return err
	}
	return quietExit(exitUsage)
}

// noArgs refuses arguments, naming the first one.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError("see '"+cmd.CommandPath()+" --help'", "%s takes no argument, but got %q", cmd.Name(), args[0])
	}
	return nil
}
