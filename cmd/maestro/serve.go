package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"maestro/internal/config"
	"maestro/internal/postgres"
	"maestro/internal/service"
)

func (a *app) serveCommand() *cobra.Command {
	var paused, unsupervised bool
	cmd := &cobra.Command{
		Use:   "serve [--paused] [--unsupervised]",
		Short: "run the server",
		Long: `Runs the server until SIGTERM or SIGHUP: it then goes on serving for DRAIN_SECONDS,
so that balancers notice, and finishes the runs under way. SIGINT skips that wait,
and a second signal stops at once. One line on standard output says when it is ready.

The database is migrated first. Without DATABASE_URL and REDIS_URL it brings
its own PostgreSQL and Redis, in the data folder; without Census settings it is
in development mode, for this machine alone.

The server is a child process. When it ends by itself, it is started again, and
connections wait meanwhile.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if unsupervised {
				return a.serveAlone(cmd.Context(), paused)
			}
			return a.supervise(cmd.Context(), paused)
		},
	}
	cmd.Flags().BoolVar(&paused, pausedFlag, false, "hold schedules and the queue until SIGUSR1 (with --unsupervised: until a restart)")
	cmd.Flags().BoolVar(&unsupervised, "unsupervised", false, "run the server in this process, for a debugger: nothing starts it again")
	return cmd
}

// surroundings are what a server is given by the process that it runs in.
type surroundings struct {
	listener net.Listener
	// postgres returns the address of the embedded PostgreSQL, once it takes
	// connections; what it starts in this process it leaves on the stack.
	postgres func(ctx context.Context, stops *service.Stack) (string, error)
	ready    func() error // called once the server serves
	stopped  func()       // called when it has served
	pause    pause
	// restarts is how many servers before this one ended by themselves.
	restarts int
	// supervisor is its process; 0: there is none.
	supervisor int
}

// serveAlone runs the server in this process.
func (a *app) serveAlone(ctx context.Context, paused bool) error {
	cfg, err := a.settings()
	if err != nil {
		return err
	}
	surviveBrokenLog()
	log, lines := newLogger(cfg, a.stderr)
	defer lines.Flush()
	ctx, release := untilSignal(ctx)
	defer release()
	// The port first: it is the cheapest thing to fail.
	listener, err := listen(cfg)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	began := time.Now()
	return a.serve(ctx, cfg, log, lines, surroundings{
		listener: listener,
		postgres: func(ctx context.Context, stops *service.Stack) (string, error) {
			server, err := a.startPostgres(ctx, cfg, log)
			if err != nil {
				return "", err
			}
			stops.Push("postgres", stopTime, server.Stop)
			return server.URL(), nil
		},
		ready: func() error {
			announce(a.stdout, cfg, log, listener.Addr(), time.Since(began))
			return nil
		},
		stopped: func() { forgetAddress(cfg) },
		pause:   pause{asked: paused, remedy: "restart the server without --paused"},
	})
}

// serve is the server: it starts its parts, says that it is ready, and returns
// when a signal has ended it.
func (a *app) serve(ctx context.Context, cfg *config.Config, log *slog.Logger, lines *logBuffer, around surroundings) error {
	tuneMemory()
	parts, err := startParts(ctx, cfg, a.timing, log, lines, around, a.progress)
	if err != nil {
		if ctx.Err() != nil {
			return errors.New("stopped before it was ready")
		}
		if errors.Is(err, syscall.ENOSPC) && !errors.Is(err, postgres.ErrDiskFull) { // that one says so itself
			err = fmt.Errorf("%w. Free some space on the disk of DATA_DIR, or move it to a larger disk, and start again", err)
		}
		return err
	}
	served := make(chan error, 1)
	go func() { served <- parts.http.Serve(around.listener) }()
	if parts.newToken != "" {
		fmt.Fprintf(a.stdout, "administrator's token, kept in the data folder and not shown again: %s\n", string(parts.newToken))
	}
	if err = around.ready(); err == nil {
		err = serveUntilEnd(ctx, cfg.Drain, parts, served, log)
		around.stopped()
	}
	parts.stop(a.timing.grace)
	return err
}

func serveUntilEnd(ctx context.Context, drain time.Duration, parts *parts, served <-chan error, log *slog.Logger) error {
	select {
	case err := <-served:
		return fmt.Errorf("the HTTP server ended: %w", err)
	case <-ctx.Done():
		return serveOn(ctx, drain, parts, served, log)
	case err := <-parts.recycle:
		log.Error("the server ends, to be started again", slog.Any("reason", err))
		return fmt.Errorf("recycled: %w", err)
	}
}

// progress is a line for a person before a slow part of the start.
func (a *app) progress(line string) { fmt.Fprintln(a.stderr, line) }

// serveOn goes on serving after a signal, so that balancers notice that the
// server is about to end and send new calls elsewhere.
func serveOn(ctx context.Context, drain time.Duration, parts *parts, served <-chan error, log *slog.Logger) error {
	if interrupted(ctx) {
		drain = 0
	}
	parts.drain()
	log.Info("stopping: new calls are taken for the drain time, then those under way are finished", slog.Duration("drain", drain))
	timer := time.NewTimer(drain)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case err := <-served:
		return fmt.Errorf("the HTTP server ended: %w", err)
	case reason := <-parts.recycle:
		log.Error("the server ends before its drain time is over", slog.Any("reason", reason))
		return nil
	}
}

func newLogger(cfg *config.Config, w io.Writer) (*slog.Logger, *logBuffer) {
	buffer := &logBuffer{out: w}
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	var handler slog.Handler = slog.NewTextHandler(buffer, options)
	if cfg.LogFormat == config.LogJSON {
		handler = slog.NewJSONHandler(buffer, options)
	}
	return slog.New(urgent{handler, buffer}), buffer
}
