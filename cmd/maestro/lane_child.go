package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"maestro/lane/child"
)

// laneChildName is the command by which the server starts itself to run the functions of
// one subtenant.
const laneChildName = "lane-child"

// laneChildConn is the descriptor of a child's connection to the server.
const laneChildConn = 3

func (a *app) laneChildCommand() *cobra.Command {
	return &cobra.Command{
		Use: laneChildName, Hidden: true, // only the server calls it
		RunE: func(cmd *cobra.Command, _ []string) error {
			unix.CloseOnExec(laneChildConn)
			conn := os.NewFile(laneChildConn, "connection")
			if conn == nil {
				return fmt.Errorf("%s is started by the server alone", laneChildName)
			}
			if err := child.Run(cmd.Context(), conn, slog.New(slog.NewTextHandler(a.stderr, nil))); err != nil {
				return err
			}
			os.Exit(exitOK) // at once: threads of the functions may go on
			return nil
		},
	}
}
