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

const pausedFlag = "paused"

func (a *app) runServerCommand() *cobra.Command {
	var paused bool
	cmd := &cobra.Command{
		Use: serverName, Hidden: true, // only the supervisor calls it
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runServer(cmd.Context(), paused) },
	}
	cmd.Flags().BoolVar(&paused, pausedFlag, false, "hold schedules and the queue")
	return cmd
}

// runServer is the server of a supervisor.
func (a *app) runServer(ctx context.Context, paused bool) error {
	handover, err := supervisor.TakeOver()
	if err != nil {
		return fmt.Errorf("%s: %w", serverName, err)
	}
	cfg, err := config.Parse(handover.Settings)
	if err != nil {
		return err
	}
	log, lines := newLogger(cfg, a.stderr)
	defer lines.Flush()
	ctx, release := untilOrdered(ctx)
	defer release()
	return a.serve(ctx, cfg, log, lines, surroundings{
		listener: handover.Listener,
		postgres: func(ctx context.Context, _ *service.Stack) (string, error) { return handover.Database(ctx) },
		ready:    handover.Ready,
		stopped:  func() {},
		pause: pause{
			asked: paused, end: handover.Resumed(),
			remedy: fmt.Sprintf("send SIGUSR1 to process %d, the server's supervisor, or restart without --paused", os.Getppid()),
		},
	})
}
