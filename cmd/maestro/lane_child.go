package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"maestro/cpython"
	"maestro/lane/child"
)

// laneChildName is the command by which the server starts itself to run the functions of
// one subtenant.
const laneChildName = "lane-child"

func (a *app) laneChildCommand() *cobra.Command {
	return &cobra.Command{
		Use: laneChildName, Hidden: true, // only the server calls it
		RunE: func(cmd *cobra.Command, _ []string) error {
			fd, given := cpython.Connection()
			if !given {
				return fmt.Errorf("%s is started by the server alone", laneChildName)
			}
			unix.CloseOnExec(fd)
			conn := os.NewFile(uintptr(fd), "connection")
			if err := child.Run(cmd.Context(), conn, slog.New(slog.NewTextHandler(a.stderr, nil))); err != nil {
				return err
			}
			os.Exit(exitOK) // at once: threads of the functions may go on
			return nil
		},
	}
}
