package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"maestro/internal/config"
	"maestro/internal/postgres"
	"maestro/internal/supervisor"
)

// supervise keeps a server running in a child process, and the embedded PostgreSQL
// beside it, so that the end of the server is no end of the database.
func (a *app) supervise(ctx context.Context, paused bool) error {
	sealed, pairs, err := supervisor.Sealed()
	if err != nil {
		return err
	}
	if sealed == nil {
		if _, err := a.settings(); err != nil {
			return err
		}
		return supervisor.Reexecute(config.Gather(os.Environ(), "."))
	}
	cfg, err := config.Parse(pairs)
	if err != nil {
		return err
	}
	surviveBrokenLog()
	log, lines := newLogger(cfg, a.stderr)
	defer lines.Flush()
	listener, err := listen(cfg)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if err := cfg.Prepare(); err != nil {
		return err
	}
	supervisor.Harden()
	k := &keeper{app: a, cfg: cfg, log: log, began: time.Now(), listener: listener}
	return k.run(ctx, sealed, paused)
}

// keeper is the process that stays while servers come and go.
type keeper struct {
	*app
	cfg      *config.Config
	log      *slog.Logger
	began    time.Time
	listener *net.TCPListener
	servers  *supervisor.Supervisor

	announced bool // the address is noted in the data folder

	mu       sync.Mutex
	postgres *postgres.Server // guarded by mu; nil until it takes connections, and without an embedded one
}

func (k *keeper) run(ctx context.Context, settings *os.File, paused bool) (err error) {
	k.servers, err = supervisor.New(supervisor.Options{
		Args: func(restarts int) []string {
			return []string{os.Args[0], serverName, fmt.Sprintf("--%s=%t", pausedFlag, paused), fmt.Sprintf("--%s=%d", restartsFlag, restarts)}
		},
		Settings: settings, Listener: k.listener,
		Stdout: os.Stdout, Stderr: os.Stderr, Log: k.log,
		StopSignals: stopSignals(), ResumeSignal: syscall.SIGUSR1,
		Ready: func() {
			k.announced = true
			announce(k.stdout, k.cfg, k.log, k.listener.Addr(), time.Since(k.began))
		},
		Own: k.owns,
	})
	if err != nil {
		return err
	}
	starting, cancel := context.WithCancel(ctx)
	var started sync.WaitGroup
	if k.cfg.DatabaseURL == "" {
		started.Go(func() { k.startDatabase(starting) })
	}
	err = k.servers.Run(ctx)
	cancel()
	started.Wait()
	k.stopDatabase()
	return k.ended(err)
}

// startDatabase starts PostgreSQL beside the first server, which prepares Python
// meanwhile.
func (k *keeper) startDatabase(ctx context.Context) {
	server, err := k.startPostgres(ctx, k.cfg, k.log)
	if err != nil {
		k.servers.Fail(err)
		return
	}
	k.mu.Lock()
	k.postgres = server
	k.mu.Unlock()
	k.servers.SetDatabase(server.URL())
}

func (k *keeper) stopDatabase() {
	if k.postgres == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := k.postgres.Stop(ctx); err != nil {
		k.log.Warn("a part did not stop cleanly", slog.String("part", "postgres"), slog.Any("error", err))
	}
}

// owns reports the processes that outlive a server.
func (k *keeper) owns(pid int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.postgres != nil && k.postgres.Owns(pid)
}

// ended turns the end of the last server into that of this process.
func (k *keeper) ended(err error) error {
	if k.announced {
		forgetAddress(k.cfg)
	}
	var again supervisor.SecondSignal
	if errors.As(err, &again) {
		dieBy(again.Signal)
	}
	return err
}
