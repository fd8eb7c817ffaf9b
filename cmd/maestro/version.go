package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"maestro/cpython/kit"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the version",
		Long:  "Prints the version of Maestro, of what it was built with, and of the Python that runs functions.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(a.stdout, a.versionLine(cmd.Context()))
			return err
		},
	}
}

func (a *app) versionLine(ctx context.Context) string {
	from := ""
	if commit != "" {
		from = "commit " + commit[:min(len(commit), 12)] + ", "
	}
	return fmt.Sprintf("maestro %s (%s%s, %s/%s, %s)\n", version, from, runtime.Version(), runtime.GOOS, runtime.GOARCH, a.pythonName(ctx))
}

// pythonName names the Python with which a server of these settings runs
// functions. Settings that cannot be read leave the bundled one.
func (a *app) pythonName(ctx context.Context) string {
	cfg, err := a.settings()
	if err != nil || cfg.PythonHome == "" {
		if !kit.Carried {
			return "no Python: set MAESTRO_PYTHON_HOME"
		}
		return "Python " + kit.Version
	}
	found, err := kit.Examine(ctx, cfg.PythonHome)
	if err != nil {
		return "no Python: MAESTRO_PYTHON_HOME cannot be used: " + err.Error()
	}
	return "Python " + found + " of MAESTRO_PYTHON_HOME"
}
