package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) completionCommand() *cobra.Command {
	shells := map[string]func(*cobra.Command) error{
		"bash":       func(root *cobra.Command) error { return root.GenBashCompletionV2(a.stdout, true) },
		"zsh":        func(root *cobra.Command) error { return root.GenZshCompletion(a.stdout) },
		"fish":       func(root *cobra.Command) error { return root.GenFishCompletion(a.stdout, true) },
		"powershell": func(root *cobra.Command) error { return root.GenPowerShellCompletionWithDesc(a.stdout) },
	}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "print a script that completes commands and options in a shell",
		Long: `Prints a script for a shell to load, which then completes commands and options.
For bash, for instance:

  source <(maestro completion bash)

Names of functions, schedules, secrets, packages and profiles, and the ids of the last
executions, are completed too: they are asked of the server, which has a second for it.
In bash that needs the package bash-completion.`,
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("no shell given; see maestro completion --help")
			}
			if shells[args[0]] == nil {
				return usageError(fmt.Sprintf("unknown shell %q; see maestro completion --help", args[0]))
			}
			return refuseArguments(cmd, args[1:])
		},
		RunE: func(cmd *cobra.Command, args []string) error { return shells[args[0]](cmd.Root()) },
	}
}
