package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCompletionCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Write the completion script of a shell",
		Long: `Writes a script that lets a shell complete commands and flags.

bash: syncagent completion bash > /etc/bash_completion.d/syncagent
zsh:  syncagent completion zsh > "${fpath[1]}/_syncagent"
fish: syncagent completion fish > ~/.config/fish/completions/syncagent.fish`,
		GroupID:   groupOther,
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError("one of bash, zsh, fish, powershell", "completion needs the name of one shell")
			}
			return runCompletion(cmd.Root(), args[0], g.streams)
		},
	}
}

func runCompletion(root *cobra.Command, shell string, s streams) error {
	var err error
	switch shell {
	case "bash":
		err = root.GenBashCompletionV2(s.out, true)
	case "zsh":
		err = root.GenZshCompletion(s.out)
	case "fish":
		err = root.GenFishCompletion(s.out, true)
	case "powershell":
		err = root.GenPowerShellCompletionWithDesc(s.out)
	default:
		return usageError("one of bash, zsh, fish, powershell", "there is no completion for %q", shell)
	}
	if err != nil {
		return fmt.Errorf("write completion: %w", err)
	}
	return nil
}
