package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"maestro/internal/doctor"
	"maestro/internal/events"
	"maestro/internal/postgres"
	"maestro/migrations"
	"maestro/repo"
)

// skew is how far the clocks of the server and the database may be apart.
const skew = 2 * time.Second

// database connects to the database, or starts the embedded one as the server does.
func (d *examination) database(ctx context.Context, r *doctor.Report) {
	url := string(d.cfg.DatabaseURL)
	if url != "" {
		if err := d.examineDatabase(ctx, r, url); err != nil {
			r.Fail("Start that server, or correct DATABASE_URL.", "DATABASE_URL: %v", err)
		}
		if err := repo.CheckSessions(ctx, url); errors.Is(err, repo.ErrPooled) {
			r.Fail("A server uses sessions of its own: prepared statements, settings, locks and notifications.", "DATABASE_URL: %v", err)
		}
		return
	}
	if d.lacksFolder(r) {
		return
	}
	err := onEmbedded(ctx, d.cfg, d.progress, func(ctx context.Context, url string) error { return d.examineDatabase(ctx, r, url) })
	switch {
	case errors.Is(err, postgres.ErrInUse):
		d.inUse = true
		r.OK("the embedded PostgreSQL runs: a server uses this data folder")
	case errors.Is(err, postgres.ErrDiskFull):
		r.Fail("Free some space on the disk of the data folder.", "%v", err)
	case err != nil:
		r.Fail("Read the message of PostgreSQL, or set DATABASE_URL to a server of your own.", "the embedded PostgreSQL: %v", err)
	}
}

func (d *examination) examineDatabase(ctx context.Context, r *doctor.Report, url string) error {
	db, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	var version string
	var number, connections int
	var now time.Time
	before := time.Now()
	if err := db.QueryRow(ctx, `SELECT current_setting('server_version'), current_setting('server_version_num')::int,
		current_setting('max_connections')::int, clock_timestamp()`).Scan(&version, &number, &connections, &now); err != nil {
		return err
	}
	took := time.Since(before)
	r.OK("PostgreSQL %s answers in %s", version, took.Round(time.Microsecond))
	if apart := now.Sub(before.Add(took / 2)).Abs(); apart > skew {
		r.Warn("Synchronise the clocks of both machines: deadlines and schedules are compared between them.", "its clock is %s apart from this machine's", apart.Round(time.Second))
	}
	if connections < 50 {
		r.Warn("Raise max_connections to 100: a server uses up to 50.", "it takes %d connections", connections)
	}
	all, err := migrations.Status(ctx, url)
	if err != nil {
		return err
	}
	pending := len(slices.DeleteFunc(all, func(m migrations.Migration) bool { return !m.AppliedAt.IsZero() }))
	if pending > 0 {
		r.OK("%d migrations are pending; the server applies them at its start", pending)
	}
	return nil
}

func (d *examination) redis(ctx context.Context, r *doctor.Report) {
	if d.cfg.RedisURL == "" {
		r.OK("embedded, at most %d MB (MAESTRO_LOG_MEMORY); live logs end with the server", d.cfg.LogMemory>>20)
		return
	}
	const advice = "Start that server, or correct REDIS_URL. Functions run without it; their live logs are dropped."
	bus, err := newBus(d.cfg, events.Options{})
	if err != nil {
		r.Fail("Correct REDIS_URL.", "REDIS_URL: %v", err)
		return
	}
	defer func() { _ = bus.Close(context.WithoutCancel(ctx)) }()
	if err := bus.Start(ctx); err != nil {
		r.Warn(advice, "REDIS_URL: %v", err)
		return
	}
	before := time.Now()
	if err := bus.Ping(ctx); err != nil {
		r.Warn(advice, "REDIS_URL: %v", err)
		return
	}
	r.OK("answers in %s", time.Since(before).Round(time.Microsecond))
}

func (d *examination) census(ctx context.Context, r *doctor.Report) {
	if d.cfg.CensusAPIURL == "" {
		return
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.cfg.CensusAPIURL, nil)
	if err == nil {
		var response *http.Response
		if response, err = http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			r.OK("%s answers", d.cfg.CensusAPIURL)
			return
		}
	}
	r.Fail("Correct CENSUS_API_URL, or start Census: without it, callers cannot be authenticated.", "CENSUS_API_URL: %v", err)
}

// server asks a server that runs with this data folder how it is.
func (d *examination) server(ctx context.Context, r *doctor.Report) {
	url := findAddress(d.cfg)
	if url == "" {
		r.OK("none runs with this data folder")
		return
	}
	health, status, err := askHealth(ctx, url)
	switch {
	case err != nil && d.inUse:
		r.Fail("Look at its log; if it hangs, stop it and start it again.", "%s does not answer: %v", url, err)
	case err != nil:
		r.OK("none runs with this data folder")
	case health.Status == "healthy":
		r.OK("%s is healthy", url)
	default:
		for name, check := range health.Checks {
			if check.Status == "up" {
				continue
			}
			// The reason is for the operator alone: /health, which all can read, does not give it.
			report := r.Warn
			if status != http.StatusOK {
				report = r.Fail
			}
			report("The server's log has the reason (\"health check failed\"), and "+url+"/health the details.", "%s: %s is %s", url, name, check.Status)
		}
	}
}

// health is the part of /health that is shown.
type health struct {
	Status string `json:"status"`
	Checks map[string]struct {
		Status string `json:"status"`
	} `json:"checks"`
}

func askHealth(ctx context.Context, url string) (h health, status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/health", nil)
	if err != nil {
		return h, 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return h, 0, err
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&h); err != nil {
		return h, 0, fmt.Errorf("read the answer of %s/health: %w", url, err)
	}
	return h, response.StatusCode, nil
}
