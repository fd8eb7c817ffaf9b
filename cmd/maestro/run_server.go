package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"maestro/internal/config"
	"maestro/internal/service"
	"maestro/internal/supervisor"
)

// serverName is the command by which the supervisor starts the server.
const serverName = "run-server"

const (
	pausedFlag   = "paused"
	restartsFlag = "restarts"
)

func (a *app) runServerCommand() *cobra.Command {
	var paused bool
	var restarts int
	cmd := &cobra.Command{
		Use: serverName, Hidden: true, // only the supervisor calls it
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runServer(cmd.Context(), paused, restarts) },
	}
	cmd.Flags().BoolVar(&paused, pausedFlag, false, "hold schedules and the queue")
	cmd.Flags().IntVar(&restarts, restartsFlag, 0, "servers before this one that ended by themselves")
	return cmd
}

// runServer is the server of a supervisor.
func (a *app) runServer(ctx context.Context, paused bool, restarts int) error {
	handover, err := supervisor.TakeOver()
	if err != nil {
		return fmt.Errorf("%s: %w", serverName, err)
	}
	cfg, err := config.Parse(handover.Settings)
	if err != nil {
		return err
	}
	surviveBrokenLog()
	log, lines := newLogger(cfg, a.stderr)
	defer lines.Flush()
	ctx, release := untilOrdered(ctx)
	defer release()
	err = a.serve(ctx, cfg, log, lines, surroundings{
		listener: handover.Listener,
		postgres: func(ctx context.Context, _ *service.Stack) (string, error) { return handover.Database(ctx) },
		ready:    handover.Ready,
		stopped:  func() {},
		restarts: restarts, supervisor: os.Getppid(),
		pause: pause{
			asked: paused, end: handover.Resumed(),
			remedy: fmt.Sprintf("send SIGUSR1 to process %d, the server's supervisor, or restart without --paused", os.Getppid()),
		},
	})
	if err != nil && handover.Fail(err) {
		return &supervisor.EndError{Status: exitFailed} // the supervisor reports it
	}
	return err
}
