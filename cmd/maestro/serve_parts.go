package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"maestro/cpython"
	"maestro/cpython/kit"
	"maestro/embed"
	"maestro/examples"
	"maestro/handlers"
	"maestro/internal/auth"
	"maestro/internal/changes"
	"maestro/internal/config"
	"maestro/internal/engine"
	"maestro/internal/events"
	"maestro/internal/idempotency"
	"maestro/internal/model"
	"maestro/internal/packages"
	"maestro/internal/packages/environment"
	"maestro/internal/postgres"
	"maestro/internal/queue"
	"maestro/internal/recorder"
	"maestro/internal/secrets"
	"maestro/internal/vault"
	"maestro/migrations"
	"maestro/repo"
	"maestro/scheduler"
)

// databasePatience is how long the start waits for an external database.
const databasePatience = 30 * time.Second

// answerTime is what connections get beyond the grace, to carry the answers of
// runs that were stopped at its end.
const answerTime = 5 * time.Second

// pythonTime is what Python gets to come to its end.
const pythonTime = 15 * time.Second

// recorderConnections are one for each of its flushers, and one each for the rows of
// running executions and the spool; those for queued runs are the queue's.
const recorderConnections = 4

// developmentTenant exists in development mode from the start.
const developmentTenant = "default"

// parts are what a server is made of, in the order in which they start; stop
// ends them in the reverse one. Fields are nil until started.
type parts struct {
	cfg *config.Config
	log *slog.Logger
	id  model.ID // of this server, until it ends; in the records of its runs

	home string // of Python

	postgres *postgres.Server // nil with an external database
	db       *repo.DB
	records  *repo.DB // connections of the recorder alone: no other query delays a commit
	chores   *repo.DB // connections of upkeep, whose statements may take long
	events   *events.Bus
	recorder *recorder.Recorder
	lane     *embed.Host
	secrets  *secrets.Keeper
	inputs   *vault.Vault // of runs that wait
	keys     *idempotency.Gate
	folders  *environment.Folders
	packages *packages.Manager
	engine   *engine.Engine
	auth     auth.Authenticator
	census   *auth.CensusClient // nil without a Census
	http     *handlers.Server
	changes  *changes.Listener

	queue    *queue.Queue
	cron     *scheduler.Cron
	presence *scheduler.Presence

	recycle   chan error    // why the server should be started afresh; has room for one
	newToken  config.Secret // the administrator's, when this start made it
	upkeep    sync.WaitGroup
	endUpkeep context.CancelFunc
	retention *scheduler.Retention
	draining  atomic.Bool // new calls are no longer wanted
}

// startParts starts everything but the listener. PostgreSQL, Python and Redis
// start side by side: each takes longer than all the rest.
func startParts(ctx context.Context, cfg *config.Config, log *slog.Logger, access io.Writer, progress func(string)) (_ *parts, err error) {
	p := &parts{cfg: cfg, log: log, recycle: make(chan error, 1)}
	defer func() {
		if err != nil {
			p.stop(0)
		}
	}()
	if err := cfg.Prepare(); err != nil {
		return nil, err
	}
	home := make(chan string, 1) // of Python, once it is unpacked
	group, starting := errgroup.WithContext(ctx)
	group.Go(func() error { return p.startPython(starting, progress, home) })
	group.Go(func() error { return p.startDatabase(starting, progress, home) })
	group.Go(func() error { return p.startEvents(starting) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	spool := filepath.Join(cfg.DataDir, "spool")
	if err := p.replaySpool(ctx, spool); err != nil {
		return nil, err
	}
	if err := p.register(ctx); err != nil {
		return nil, err
	}
	p.recorder = recorder.New(p.records, recorder.Options{SpoolDir: spool, Server: p.id.String()}, log)
	if err := p.recorder.Start(); err != nil {
		return nil, err
	}
	if err := p.startSecrets(); err != nil {
		return nil, err
	}
	if err := p.startPackages(ctx); err != nil {
		return nil, err
	}
	if p.queue, err = queue.New(queue.Options{DB: p.db, Server: p.id, Log: p.log}); err != nil {
		return nil, err
	}
	p.engine = engine.New(engine.Options{
		Store: p.db, Secrets: p.secrets, Recorder: p.recorder, Events: p.events, Lane: p.lane, Log: log, Timeout: cfg.FunctionTimeout,
		MaxSteps: cfg.MaxSteps,
		Queue:    p.queue, Inputs: p.inputs, Packages: p.packages,
	})
	p.queue.Serve(p.engine)
	p.makeCron()
	if err := p.startHTTP(ctx, access); err != nil {
		return nil, err
	}
	p.startSweeping()
	return p, p.startQueue()
}

func (p *parts) startPython(ctx context.Context, progress func(string), found chan<- string) error {
	home := p.cfg.PythonHome
	if home != "" {
		if err := kit.Check(home); err != nil {
			return fmt.Errorf("MAESTRO_PYTHON_HOME %s is no usable Python 3.14, unset it to use the one that Maestro carries: %w", home, err)
		}
	} else {
		var err error
		if home, err = kit.Ensure(ctx, p.cfg.DataDir, progress); err != nil {
			return fmt.Errorf("unpack Python into the data folder: %w", err)
		}
	}
	p.home = home
	found <- home
	lane, err := embed.New(embed.Options{
		Home:       home,
		MaxThreads: p.cfg.MaxThreads,
		IdleAfter:  p.cfg.InterpreterIdle,
		OnStuckCap: func() { p.endSoon(errors.New("too many Python threads were stuck")) },
		OnTenantLog: func(tenant string, line model.LogLine) {
			p.log.Info("output of no execution", slog.String("tenant", tenant), slog.String("text", p.secrets.Mask(tenant).Text(line.Text)))
		},
		Log: p.log,
	})
	if err != nil {
		return err
	}
	p.lane = lane
	return lane.Start(ctx)
}

func (p *parts) startDatabase(ctx context.Context, progress func(string), python <-chan string) error {
	url := string(p.cfg.DatabaseURL)
	if url == "" {
		server, err := postgres.Start(ctx, postgres.Options{
			DataDir: p.cfg.DataDir, BinDir: p.cfg.PGBin, Progress: progress, Log: p.log,
			Pip: func(ctx context.Context, args ...string) error { return runPip(ctx, python, args) },
		})
		if err != nil {
			return err
		}
		p.postgres, url = server, server.URL()
	}
	db, err := repo.Open(ctx, url, repo.Options{Wait: databasePatience, Log: p.log})
	if err != nil {
		if p.postgres == nil {
			return unusableDatabase(err)
		}
		return err
	}
	p.db = db
	if p.records, err = repo.Open(ctx, url, repo.Options{MaxConns: recorderConnections, KeepOpen: true, Name: "maestro recorder", Log: p.log}); err != nil {
		return err
	}
	if p.chores, err = repo.Open(ctx, url, repo.Options{MaxConns: 2, Longest: -1, Name: "maestro upkeep", Log: p.log}); err != nil {
		return err
	}
	applied, err := migrations.Up(ctx, url)
	if err != nil {
		return err
	}
	if len(applied) > 0 {
		p.log.Info("the database was migrated", slog.Int("migrations", len(applied)))
	}
	if err := checkSecretKey(ctx, db, p.cfg); err != nil {
		return err
	}
	if p.cfg.AuthMode() == config.AuthDevelopment {
		if _, err := db.EnsureSubtenant(ctx, developmentTenant); model.CodeOf(err) == model.CodeNameTaken {
			p.log.Warn("the subtenant of development mode was deleted and stays so: name another one in X-Subtenant-ID", slog.String("tenant", developmentTenant))
		} else if err != nil {
			return err
		}
	}
	return p.startUpkeep(ctx)
}

// unusableDatabase says what to do about a database of DATABASE_URL that does
// not answer.
func unusableDatabase(err error) error {
	return fmt.Errorf("DATABASE_URL can't be used: %w; start that server, or set DATABASE_URL to another one", err)
}

func (p *parts) startEvents(ctx context.Context) error {
	bus, err := newBus(p.cfg, events.Options{Log: p.log})
	if err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	p.events = bus
	bus.Start()
	ping, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := bus.Ping(ping); err != nil {
		p.log.Warn("REDIS_URL: Redis does not answer; functions run all the same, their logs are dropped until it does", slog.Any("error", err))
	}
	return nil
}

func newBus(cfg *config.Config, options events.Options) (*events.Bus, error) {
	if cfg.RedisURL == "" {
		return events.NewEmbedded(options), nil
	}
	return events.New(string(cfg.RedisURL), options)
}

func (p *parts) startHTTP(ctx context.Context, access io.Writer) error {
	if !p.log.Enabled(ctx, slog.LevelInfo) {
		access = nil // a request is no news of a higher level
	}
	if err := p.startAuth(); err != nil {
		return err
	}
	p.http = handlers.New(handlers.Options{
		DB: p.db, Engine: p.engine, Events: p.events, Auth: p.auth, Census: p.census, Log: p.log,
		AccessLog: access, AccessLogJSON: p.cfg.LogFormat == config.LogJSON, TrustedProxies: p.cfg.TrustedProxies,
		Context: context.WithoutCancel(ctx), Secrets: p.secrets, Keys: p.keys, Scheduler: p.cron, Packages: p.packages,
		Debug: p.cfg.Debug, PublicURL: p.cfg.PublicURL, MaxBodyBytes: int(p.cfg.MaxBodyBytes),
		FunctionTimeout: p.cfg.FunctionTimeout, RetentionDays: p.cfg.RetentionDays, WebhooksRequireAuth: p.cfg.WebhooksRequireAuth, CORSOrigins: p.cfg.CORSOrigins,
		Version: version, Probes: p.probes(), Draining: p.draining.Load, Ready: p.recorder.Refusing, Documents: examples.Documents(),
	})
	return p.startChanges(ctx)
}

// stop ends the parts: no new connections, no new runs, those under way until
// the grace is over, Python, the record's queue, Redis, the database.
func (p *parts) stop(grace time.Duration) {
	p.drain()
	note := func(what string, err error) {
		if err != nil {
			p.log.Warn("a part did not stop cleanly", slog.String("part", what), slog.Any("error", err))
		}
	}
	drain, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if p.packages != nil {
		// Whoever waits for packages is answered before the connections end.
		defer context.AfterFunc(drain, func() { _ = p.packages.Close(drain) })()
	}
	closed := make(chan error, 1) // of the listener and every connection
	if p.http != nil {
		all, cancel := context.WithTimeout(context.Background(), grace+answerTime)
		defer cancel()
		go func() { closed <- p.http.Shutdown(all) }()
	} else {
		closed <- nil
	}
	queueStopped := p.stopQueue(drain)
	if p.engine != nil {
		p.engine.Drain(drain)
	}
	note("queue", <-queueStopped)
	note("http", <-closed)
	if p.packages != nil {
		note("packages", p.packages.Close(drain)) // what is being installed is stopped, and changes nothing
	}
	if p.lane != nil {
		// A time of its own: it waits for what computes without a stop, and the
		// record's queue comes after it.
		python, cancel := context.WithTimeout(context.Background(), pythonTime)
		defer cancel()
		note("python", p.lane.Close(python))
		if counters := cpython.Counters(); len(counters) > 0 {
			p.log.Info("counters of the C border", slog.Int64("interpreters", counters["interpreters"]),
				slog.Int64("thread_states", counters["thread_states"]), slog.Int64("handles", counters["handles"]), slog.Int64("buffers", counters["buffers"]))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if p.recorder != nil {
		note("recorder", p.recorder.Stop(ctx))
	}
	if p.presence != nil {
		note("presence", p.presence.Stop(ctx))
	}
	if p.events != nil {
		note("events", p.events.Close(ctx))
	}
	if p.changes != nil {
		p.changes.Stop()
	}
	if p.census != nil {
		p.census.Close()
	}
	if p.retention != nil {
		p.retention.Stop()
	}
	if p.endUpkeep != nil {
		p.endUpkeep()
		p.upkeep.Wait()
	}
	if p.folders != nil {
		note("packages", p.folders.Close())
	}
	for _, db := range []*repo.DB{p.chores, p.records, p.db} {
		if db != nil {
			db.Close()
		}
	}
	if p.postgres != nil {
		note("postgres", p.postgres.Stop(ctx))
	}
}
