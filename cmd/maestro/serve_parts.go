package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"maestro/examples"
	"maestro/handlers"
	"maestro/internal/alerts"
	"maestro/internal/auth"
	"maestro/internal/changes"
	"maestro/internal/config"
	"maestro/internal/engine"
	"maestro/internal/events"
	"maestro/internal/homes"
	"maestro/internal/idempotency"
	"maestro/internal/journal"
	"maestro/internal/metrics"
	"maestro/internal/model"
	"maestro/internal/packages"
	"maestro/internal/packages/environment"
	"maestro/internal/queue"
	"maestro/internal/recorder"
	"maestro/internal/refusals"
	"maestro/internal/secrets"
	"maestro/internal/service"
	"maestro/internal/session"
	"maestro/internal/tracing"
	"maestro/internal/vault"
	"maestro/internal/watch"
	"maestro/lane"
	"maestro/lane/confine"
	"maestro/repo"
	"maestro/scheduler"
)

// developmentTenant exists in development mode from the start.
const developmentTenant = "default"

// parts are what a server is made of. Fields are nil until started.
type parts struct {
	cfg    *config.Config
	timing timing
	around surroundings
	log    *slog.Logger
	id     model.ID // of this server, until it ends; in the records of its runs

	home string // of Python
	pip  string // the folder that makes its pip importable

	journal  *journal.Journal
	db       *repo.DB
	records  *repo.DB // connections of the recorder alone: no other query delays a commit
	steps    *repo.DB // a connection of the recorder for steps of runs that go on
	chores   *repo.DB // connections of upkeep, whose statements may take long
	events   *events.Bus
	recorder *recorder.Recorder
	lane     *lane.Lanes
	secrets  *secrets.Keeper
	inputs   *vault.Vault // of pending runs
	sessions *session.Keeper
	keys     *idempotency.Gate
	folders  *environment.Folders
	homes    *homes.Homes
	reach    confine.Destinations
	confined *confine.Report // what confines the children of the process lane here
	packages *packages.Manager
	engine   *engine.Engine
	auth     auth.Authenticator
	census   *auth.CensusClient // nil without a Census
	http     *handlers.Server
	watch    *watch.Hub
	changes  *changes.Listener

	queue  *queue.Queue
	cron   *scheduler.Cron
	alerts *alerts.Alerts

	metrics *metrics.Metrics
	traces  *tracing.Tracer // nil: there are none

	stops    service.Stack // the parts that are started
	recycle  chan error    // why the server should be started afresh; has room for one
	newToken config.Secret // the administrator's, when this start made it
	token    config.Secret // the administrator's, of development mode on loopback
	draining atomic.Bool   // new calls are no longer wanted
	paused   atomic.Bool   // schedules and the queue are held
	grace    time.Duration // that runs under way get when the parts stop
}

// startParts starts everything but the listener. PostgreSQL, Python and Redis
// start side by side: each takes longer than all the rest.
func startParts(ctx context.Context, cfg *config.Config, timing timing, log *slog.Logger, access io.Writer, around surroundings, progress func(string)) (_ *parts, err error) {
	p := &parts{cfg: cfg, timing: timing, around: around, log: log, recycle: make(chan error, 1)}
	defer func() {
		if err != nil {
			p.stop(0)
		}
	}()
	if err := cfg.Prepare(); err != nil {
		return nil, err
	}
	p.makeMetrics()
	if err := p.startJournal(); err != nil {
		return nil, err
	}
	if err := p.startSlowParts(ctx, progress); err != nil {
		return nil, err
	}
	if err := p.startSecrets(ctx); err != nil {
		return nil, err
	}
	if err := p.startPackages(ctx); err != nil {
		return nil, err
	}
	if p.queue, err = queue.New(queue.Options{DB: p.db, Server: p.id, Log: p.log}); err != nil {
		return nil, err
	}
	tracer, err := p.startTraces(ctx)
	if err != nil {
		return nil, err
	}
	p.engine = engine.New(engine.Options{
		Store: p.db, Secrets: p.secrets, Recorder: p.recorder, Events: p.events, Lane: p.lane, DefaultLane: cfg.DefaultLane, Log: log, Timeout: cfg.FunctionTimeout,
		MaxSteps: cfg.MaxSteps,
		Queue:    p.queue, Inputs: p.inputs, Packages: p.packages, Meter: p.metrics, Tracer: tracer,
		Journal: p.journal, Blames: p.db,
	})
	p.queue.Serve(p.engine)
	p.makeCron()
	p.makeAlerts()
	if err := p.startHTTP(ctx, access); err != nil {
		return nil, err
	}
	if err := p.startSweeping(ctx); err != nil {
		return nil, err
	}
	return p, p.startQueue(ctx)
}

// startSlowParts starts PostgreSQL, Redis and Python side by side. They stop one
// after the other, Python first: its runs print into the log and leave records.
func (p *parts) startSlowParts(ctx context.Context, progress func(string)) error {
	var database, log, python service.Stack
	group, starting := errgroup.WithContext(ctx)
	group.Go(func() error { return p.startDatabase(starting, &database) })
	group.Go(func() error { return p.startEvents(starting, &log) })
	group.Go(func() error { return p.startPython(starting, progress, &python) })
	err := group.Wait()
	for _, stops := range []*service.Stack{&database, &log, &python} {
		p.stops.PushAll(stops)
	}
	return err
}

func (p *parts) startEvents(ctx context.Context, stops *service.Stack) error {
	bus, err := newBus(p.cfg, events.Options{EmbeddedBytes: p.cfg.LogMemory, Log: p.log})
	if err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	p.events = bus
	stops.Push("events", stopTime, bus.Close)
	if err := bus.Start(ctx); err != nil {
		return err
	}
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
	refused := refusals.New(refusals.Options{DB: p.db, Log: p.log})
	if err := startService(ctx, &p.stops, "refused calls", refused); err != nil {
		return err
	}
	p.watch = watch.New(watch.Options{DB: p.db, Log: p.log})
	p.stops.Push("watchers of executions", 0, closing(p.watch.Close))
	p.http = handlers.New(handlers.Options{
		DB: p.db, Engine: p.engine, Events: p.events, Auth: p.auth, Census: p.census, Log: p.log,
		AccessLog: access, AccessLogJSON: p.cfg.LogFormat == config.LogJSON, TrustedProxies: p.cfg.TrustedProxies, FromFunction: p.lane.CalledFrom,
		Sessions: p.sessions, SignIn: p.signIn(), Watch: p.watch,
		Context: context.WithoutCancel(ctx), Secrets: p.secrets, Refusals: refused, Keys: p.keys, Scheduler: p.cron, Alerts: p.alerts, Packages: p.packages, Interpreters: p.lane,
		Debug: p.cfg.Debug, PublicURL: p.cfg.PublicURL, MaxBodyBytes: int(p.cfg.MaxBodyBytes),
		FunctionTimeout: p.cfg.FunctionTimeout, RetentionDays: p.cfg.RetentionDays, DefaultLane: p.cfg.DefaultLane, WebhooksRequireAuth: p.cfg.WebhooksRequireAuth, OpenPages: !p.cfg.SandboxWebhookPages, CORSOrigins: p.cfg.CORSOrigins,
		Version: version, Probes: p.probes(), Draining: p.draining.Load, Ready: p.recorder.Refusing, Documents: examples.Documents(),
		Metrics: p.metrics.Handler(), MetricsToken: string(p.cfg.MetricsToken), Count: p.metrics.Route,
	})
	p.readMetrics()
	if err := p.startChanges(ctx); err != nil {
		return err
	}
	p.stops.Push("runs", 0, p.endRuns)
	return nil
}
