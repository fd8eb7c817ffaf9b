package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"maestro/internal/config"
	"maestro/internal/crash"
	"maestro/internal/model"
	"maestro/internal/recorder"
	"maestro/internal/service"
	"maestro/migrations"
	"maestro/repo"
)

// databasePatience is how long the start waits for an external database.
const databasePatience = 30 * time.Second

// recorderConnections are one for each of its flushers but that of steps, and one each for the rows of
// running executions and the spool; those for queued runs are the queue's.
const recorderConnections = 4

// startDatabase connects to PostgreSQL, brings it up to date, and starts the
// services that need nothing else.
func (p *parts) startDatabase(ctx context.Context, stops *service.Stack) (err error) {
	url := string(p.cfg.DatabaseURL)
	if url == "" {
		if url, err = p.around.postgres(ctx, stops); err != nil {
			return err
		}
	}
	db, err := repo.Open(ctx, url, repo.Options{Wait: databasePatience, Log: p.log})
	if p.cfg.DatabaseURL != "" {
		// After Open, which waits for the database, and also if the first statements failed.
		if pooled := repo.CheckSessions(ctx, url); errors.Is(pooled, repo.ErrPooled) {
			if err == nil {
				db.Close()
			}
			return unusableDatabase(pooled)
		}
	}
	if err != nil {
		if p.cfg.DatabaseURL != "" {
			return unusableDatabase(err)
		}
		return err
	}
	p.db = db
	stops.Push("database", 0, closing(db.Close))
	if err := p.openOthers(ctx, url, stops); err != nil {
		return err
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
	if err := p.startUpkeep(ctx, stops); err != nil {
		return err
	}
	return p.startRecorder(ctx, stops)
}

// openOthers connects the other users of the database and brings its schema up to
// date, side by side: each waits for PostgreSQL most of the time.
func (p *parts) openOthers(ctx context.Context, url string, stops *service.Stack) error {
	group, opening := errgroup.WithContext(ctx)
	open := func(to **repo.DB, options repo.Options) {
		group.Go(func() (err error) {
			options.Log = p.log
			*to, err = repo.Open(opening, url, options)
			return err
		})
	}
	open(&p.records, repo.Options{MaxConns: recorderConnections, KeepOpen: true, Name: "maestro recorder"})
	open(&p.steps, repo.Options{MaxConns: 1, Name: "maestro steps"})
	open(&p.chores, repo.Options{MaxConns: 2, Longest: -1, Name: "maestro upkeep"})
	group.Go(func() error {
		applied, err := migrations.Up(opening, url)
		if err == nil && len(applied) > 0 {
			p.log.Info("the database was migrated", slog.Int("migrations", len(applied)))
		}
		return err
	})
	err := group.Wait()
	for part, db := range map[string]*repo.DB{"records": p.records, "steps": p.steps, "chores": p.chores} {
		if db != nil {
			stops.Push(part, 0, closing(db.Close))
		}
	}
	return err
}

// startRecorder begins to take records, once those of the predecessor on the
// same data folder are settled.
func (p *parts) startRecorder(ctx context.Context, stops *service.Stack) error {
	spool := filepath.Join(p.cfg.DataDir, "spool")
	replayed, err := p.replaySpool(ctx, spool)
	if err != nil {
		return err
	}
	folder, err := folderID(p.cfg.DataDir)
	if err != nil {
		return err
	}
	if err := crash.Settle(ctx, p.db, p.journal, folder, p.metrics.Settled, p.log); err != nil {
		return err
	}
	if err := p.register(ctx, folder, stops); err != nil {
		return err
	}
	p.recorder = recorder.New(p.records, recorder.Options{Parts: p.steps, SpoolDir: spool, Server: p.id.String(), Committed: p.metrics.Committed, Replayed: replayed}, p.log)
	if err := p.recorder.Start(ctx); err != nil {
		return err
	}
	stops.Push("recorder", stopTime, p.recorder.Stop)
	return nil
}

// unusableDatabase says what to do about a database of DATABASE_URL that does
// not answer.
func unusableDatabase(err error) error {
	if errors.Is(err, repo.ErrPooled) {
		return fmt.Errorf("DATABASE_URL can't be used: %w", err)
	}
	return fmt.Errorf("DATABASE_URL can't be used: %w; start that server, or correct DATABASE_URL", err)
}
