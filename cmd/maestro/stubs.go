package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"maestro/cpython/kit"
	"maestro/internal/folder"
	"maestro/internal/stubs"
	"maestro/internal/trial"
)

func (a *app) stubsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "stubs [DIR]",
		Short: "write stubs of types, for editors and type checkers",
		Long: `Writes stubs of types into DIR/typings: of the module maestro, of the fixture of tests, and of
the functions of the folder, with the types that their schemas or type hints say. With them
an editor completes the names, inputs and results of functions that call each other by plain
name, and type checkers do not report these names as undefined. docs/editors.md says how
each editor finds them.

Where stubs exist, functions push --watch and dev write them again after each change. They
are never pushed.`,
		Args: takes(0, "DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			written, err := a.writeStubs(cmd.Context(), dir)
			if err != nil {
				return err
			}
			writeFaults(a.stderr, written.Faults)
			fmt.Fprintf(a.stdout, "Wrote stubs of %d functions into %s/%s: %d files changed.\n", written.Functions, dir, stubs.Folder, len(written.Files))
			return nil
		},
	}
}

func (a *app) writeStubs(ctx context.Context, dir string) (stubs.Written, error) {
	f, err := folder.Read(dir)
	if err != nil {
		return stubs.Written{}, err
	}
	home, _, err := a.toolPython(ctx)
	if err != nil {
		return stubs.Written{}, err
	}
	return stubs.Write(ctx, f, kit.Executable(home), trial.Stub)
}

// refreshStubs writes the stubs of a folder again, if it has any. The folder is watched:
// the push reports its faults.
func (a *app) refreshStubs(ctx context.Context, dir string) {
	if !stubs.Exist(dir) {
		return
	}
	if _, err := a.writeStubs(ctx, dir); err != nil && ctx.Err() == nil {
		fmt.Fprintf(a.stderr, "maestro: the stubs were not written again: %s\n", inOneLine(err.Error()))
	}
}
