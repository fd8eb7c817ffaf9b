package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"maestro/internal/deploy"
)

func (a *app) functionsPullCommand() *cobra.Command {
	o := deploy.Options{}
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "pull [DIR] [--force] [--dry-run]",
		Short: "make a folder hold the functions of a server",
		Long: `Writes the functions of a server, with their settings, webhooks and schedules, into a
folder, as functions push reads them.

Changes of the folder and of the server since they last met are merged line by line. Where both have changed the same lines of code, both stand in the file between
markers, and the exit status is 1: edit the file, and push it. Where both have changed
the same setting, the folder's stays and the server's is printed.

A file whose function was deleted on the server is deleted, unless it was changed.
Files of NAME.toml that change are written anew, without their comments.`,
		Args: takes(0, "DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Dir = "."
			if len(args) > 0 {
				o.Dir = args[0]
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			plan, err := deploy.Pull(cmd.Context(), c, o)
			if err != nil {
				return err
			}
			var files []string
			if !dryRun {
				if files, err = plan.Write(); err != nil {
					return err
				}
			}
			unresolved := len(plan.Unresolved())
			if a.flags.json {
				view := viewPlan(plan, c.URL, !dryRun)
				view.Files = files
				if err := a.printJSON(view); err != nil {
					return err
				}
				if unresolved > 0 {
					return errShown
				}
				return nil
			}
			out := a.out()
			showPlan(out, plan, fmt.Sprintf("%s, subtenant %s → %s", c.URL, plan.Caller.SubtenantID, o.Dir))
			if !dryRun {
				out.Printf("Pulled: %s.\n", summary(plan))
				for _, file := range files {
					out.Printf("  %s\n", file)
				}
			}
			if unresolved > 0 {
				return fmt.Errorf("%d items need an edit, see above", unresolved)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&o.Force, "force", false, "let the server win where both have changed")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show the plan, and write nothing")
	return cmd
}
