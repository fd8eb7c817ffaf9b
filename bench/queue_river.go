package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"maestro/internal/model"
)

// The settings of queue.New, which River alone is given too.
const (
	queueWorkers  = 384
	queueCooldown = 2 * time.Millisecond
	queuePoll     = 250 * time.Millisecond
	queuePool     = 16 // connections
)

// emptyJob carries what a job of Maestro's carries: the name of a run.
type emptyJob struct {
	ID string `json:"id"`
}

// Kind implements river.JobArgs.
func (emptyJob) Kind() string { return "empty" }

// emptyWorker notes when it was called, and does nothing.
type emptyWorker struct {
	river.WorkerDefaults[emptyJob]
	began *sync.Map // ID → chan time.Time, of the awaited jobs
}

func (w *emptyWorker) Work(_ context.Context, job *river.Job[emptyJob]) error {
	now := time.Now()
	if waiting, there := w.began.LoadAndDelete(job.Args.ID); there {
		waiting.(chan time.Time) <- now
	}
	return nil
}

// riverAlone is River with an empty worker, in a database of its own on the
// server's PostgreSQL. Jobs are one insert and one worker's call: nothing of
// limits, shares between subtenants, sealed inputs or records.
type riverAlone struct {
	pool  *pgxpool.Pool
	began sync.Map
}

// newRiverAlone makes its database anew. The caller closes it.
func newRiverAlone(ctx context.Context, url string) (*riverAlone, error) {
	admin, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = admin.Close(ctx) }()
	if _, err := admin.Exec(ctx, "CREATE DATABASE river_alone"); err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.Database, config.MaxConns = "river_alone", queuePool
	r := &riverAlone{}
	if r.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, err
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(r.pool), nil)
	if err == nil {
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *riverAlone) close() { r.pool.Close() }

func (r *riverAlone) client() (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &emptyWorker{began: &r.began})
	return river.NewClient(riverpgxv5.New(r.pool), &river.Config{
		Logger: slog.New(slog.DiscardHandler), Workers: workers, JobTimeout: -1, MaxAttempts: 1,
		Queues:        map[string]river.QueueConfig{"runs": {MaxWorkers: queueWorkers}},
		FetchCooldown: queueCooldown, FetchPollInterval: queuePoll,
		CompletedJobRetentionPeriod: time.Minute,
	})
}

var riverInsert = &river.InsertOpts{Queue: "runs", MaxAttempts: 1, Priority: 2}

// drain inserts n jobs and returns what it took, from River's start, until all
// of them were completed in the database.
func (r *riverAlone) drain(ctx context.Context, n int) (drained, error) {
	client, err := r.client()
	if err != nil {
		return drained{}, err
	}
	for left := n; left > 0; left -= 1000 {
		params := make([]river.InsertManyParams, min(left, 1000))
		for i := range params {
			params[i] = river.InsertManyParams{Args: emptyJob{ID: model.NewID().String()}, InsertOpts: riverInsert}
		}
		if _, err := client.InsertMany(ctx, params); err != nil {
			return drained{}, err
		}
	}
	took, err := measure(n, func() error {
		if err := client.Start(ctx); err != nil {
			return err
		}
		return untilNone(ctx, r.pool, "SELECT EXISTS (SELECT 1 FROM river_job WHERE state IN ('available', 'running'))")
	})
	if err != nil {
		return drained{}, err
	}
	return took, client.Stop(ctx)
}

// starts returns, for n jobs one after the other, the times from before the
// insert until the worker was called.
func (r *riverAlone) starts(ctx context.Context, n int) ([]time.Duration, error) {
	client, err := r.client()
	if err != nil {
		return nil, err
	}
	if err := client.Start(ctx); err != nil {
		return nil, err
	}
	times := make([]time.Duration, 0, n)
	for range n {
		id, called := model.NewID().String(), make(chan time.Time, 1)
		r.began.Store(id, called)
		begin := time.Now()
		if _, err := client.Insert(ctx, emptyJob{ID: id}, riverInsert); err != nil {
			return nil, err
		}
		select {
		case at := <-called:
			times = append(times, at.Sub(begin))
		case <-time.After(time.Minute):
			return nil, fmt.Errorf("river: job %s was not begun in a minute", id)
		}
		time.Sleep(pauseBetween())
	}
	return times, client.Stop(ctx)
}
