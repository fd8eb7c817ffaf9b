package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"maestro/internal/config"
)

func (a *app) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "run the server",
		Long: `Runs the server until SIGTERM or SIGHUP: it then goes on serving for DRAIN_SECONDS,
so that balancers notice, and finishes the runs under way. SIGINT skips that wait,
and a second signal stops at once. One line on standard output says when it is ready.

The database is migrated first. Without DATABASE_URL and REDIS_URL it brings
its own PostgreSQL and Redis, in the data folder; without Census settings it is
in development mode, for this machine alone.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			return a.serve(cmd.Context(), cfg)
		},
	}
}

// serve is the server: it starts its parts, prints one line when it is ready,
// and returns when a signal has ended it.
func (a *app) serve(ctx context.Context, cfg *config.Config) error {
	tuneMemory()
	log, lines := newLogger(cfg, a.stderr)
	defer lines.Flush()
	ctx, release := untilSignal(ctx)
	defer release()

	// The port first: it is the cheapest thing to fail.
	listener, err := listen(cfg)
	if err != nil {
		return err
	}
	begin := time.Now()
	parts, err := startParts(ctx, cfg, a.timing, log, lines, func(line string) { fmt.Fprintln(a.stderr, line) })
	if err != nil {
		_ = listener.Close()
		if ctx.Err() != nil {
			return errors.New("stopped before it was ready")
		}
		return err
	}
	served := make(chan error, 1)
	go func() { served <- parts.http.Serve(listener) }()

	url := localURL(cfg, listener)
	announce(a.stdout, cfg, parts, url, time.Since(begin))
	noteAddress(cfg, log, url)

	select {
	case err = <-served:
		err = fmt.Errorf("the HTTP server ended: %w", err)
	case <-ctx.Done():
		err = serveOn(ctx, cfg.Drain, parts, served, log)
	case err = <-parts.recycle:
		log.Error("the server ends, to be started again", slog.Any("reason", err))
		err = fmt.Errorf("recycled: %w", err)
	}
	forgetAddress(cfg)
	parts.stop(a.timing.grace)
	return err
}

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

func listen(cfg *config.Config) (net.Listener, error) {
	listener, err := net.Listen("tcp", cfg.Address())
	if err == nil {
		return listener, nil
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d on %s is taken: stop what listens there, or set PORT to another one (0 picks a free one)", cfg.Port, cfg.Host)
	}
	return nil, fmt.Errorf("cannot listen on %s, set HOST and PORT to an address of this machine: %w", cfg.Address(), err)
}

// localURL is how this machine reaches the server.
func localURL(cfg *config.Config, listener net.Listener) string {
	host := cfg.Host
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return "http://" + net.JoinHostPort(host, port)
}

// announce prints the line that says the server is ready; the administrator's
// token of development mode is printed once, when it is made.
func announce(stdout io.Writer, cfg *config.Config, p *parts, url string, took time.Duration) {
	if p.newToken != "" {
		fmt.Fprintf(stdout, "administrator's token, kept in the data folder and not shown again: %s\n", string(p.newToken))
	}
	fmt.Fprintf(stdout, "maestro is ready at %s (%s mode, started in %d ms)\n", url, cfg.AuthMode(), took.Milliseconds())
}

// addressFile tells the command line's clients where the server of this data
// folder listens.
func addressFile(cfg *config.Config) string { return cfg.DataDir + "/address" }

func noteAddress(cfg *config.Config, log *slog.Logger, url string) {
	if err := os.WriteFile(addressFile(cfg), []byte(url+"\n"), 0o644); err != nil {
		log.Warn("the command line will not find this server by itself", slog.Any("error", err))
	}
}

func forgetAddress(cfg *config.Config) { _ = os.Remove(addressFile(cfg)) }

// findAddress returns the address that a running server has noted, or "".
func findAddress(cfg *config.Config) string {
	text, err := os.ReadFile(addressFile(cfg))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
