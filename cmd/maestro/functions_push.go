package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"maestro/internal/deploy"
)

func (a *app) functionsPushCommand() *cobra.Command {
	o := deploy.Options{}
	var yes, dryRun, watch bool
	cmd := &cobra.Command{
		Use:   "push [DIR] [--prune] [--force] [--dry-run] [--yes] [--watch]",
		Short: "make a server hold the functions of a folder",
		Long: `Compares the folder with the server, shows the plan with its differences, and carries it
out: all of it or, if anything is refused, nothing. On a terminal it asks first.

Each function is NAME.py. Its settings are in NAME.toml beside it, or in the block
"# /// script" of NAME.py; [[webhooks]] and [[schedules]] there are its webhooks and
schedules. test_*.py, *_test.py and conftest.py are left out.

Changes of the folder and of the server since they last met are merged line by line; a push is refused where both have changed the same lines. What they last had in
common is kept in DIR/.maestro, which git ignores. Without it, as in CI, the folder wins.

Nothing is deleted on the server without --prune.`,
		Args: takes(0, "DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Dir = "."
			if len(args) > 0 {
				o.Dir = args[0]
			}
			if watch && (dryRun || a.flags.json) {
				return usageError("--watch goes with neither --dry-run nor --json")
			}
			if err := a.push(cmd.Context(), o, yes, dryRun); err != nil || !watch {
				return err
			}
			return a.watch(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.Prune, "prune", false, "also delete on the server what the folder does not have")
	cmd.Flags().BoolVar(&o.Force, "force", false, "let the folder win where both have changed")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show the plan, and change nothing")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&watch, "watch", false, "go on, and push each time that a file changes")
	return cmd
}

// push makes a plan, shows it, and carries it out.
func (a *app) push(ctx context.Context, o deploy.Options, yes, dryRun bool) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	plan, err := deploy.Push(ctx, c, o)
	if err != nil {
		return err
	}
	refused := len(plan.Conflicts()) > 0
	if a.flags.json {
		if !refused && !dryRun {
			err = plan.Apply(ctx)
		}
		if err == nil {
			err = a.printJSON(viewPlan(plan, c.URL, !refused && !dryRun))
		}
		if err == nil && refused {
			err = errShown
		}
		return err
	}
	out := a.out()
	showPlan(out, plan, fmt.Sprintf("%s → %s, subtenant %s", o.Dir, c.URL, plan.Caller.SubtenantID))
	switch {
	case refused:
		return fmt.Errorf("nothing was pushed: %d items conflict, see above", len(plan.Conflicts()))
	case dryRun:
		return nil
	case len(plan.Changes()) == 0:
		out.Printf("Nothing to push: %d unchanged.\n", plan.Unchanged)
		return plan.Apply(ctx) // notes what the two have in common
	case !yes && a.isTerminal() && !a.confirm("Apply these changes?"):
		out.Printf("Nothing was changed.\n")
		return nil
	}
	if err := plan.Apply(ctx); err != nil {
		return err
	}
	out.Printf("Pushed: %s.\n", summary(plan))
	showAddresses(out, plan)
	return nil
}
