package scheduler

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"maestro/repo"
)

// dispatchBatch is how many runs one transaction hands over at most.
const dispatchBatch = 1024

// runJob is what River keeps of a run: its name.
type runJob struct {
	ID string `json:"id"`
}

// Kind implements river.JobArgs.
func (runJob) Kind() string { return "maestro_run" }

// dispatch hands over what may start: when it hears of a new run, when a run
// has ended and made room, and from time to time for what other servers have
// accepted, or is due only now.
func (q *RunQueue) dispatch(ctx context.Context) {
	tick := time.NewTicker(q.opts.Poll)
	defer tick.Stop()
	away := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.wake:
		case <-tick.C:
		}
		limits := repo.Limits{PerFunction: q.opts.PerTenant, PerTenant: q.opts.PerTenant, AtOnce: dispatchBatch}
		for more := true; more && ctx.Err() == nil; {
			q.crowded.Store(true) // a run that ends meanwhile may make room that is not seen
			n, left, err := q.opts.DB.Dispatch(ctx, limits, q.hand)
			q.crowded.Store(left)
			more = n == dispatchBatch
			switch {
			case ctx.Err() != nil:
			case err != nil && !away:
				q.opts.Log.Warn("no run is handed over until the database can be asked again", slog.Any("error", err))
				away = true
			case err == nil && away:
				q.opts.Log.Info("runs are handed over again")
				away = false
			}
		}
	}
}

// hand gives runs to River.
func (q *RunQueue) hand(ctx context.Context, tx pgx.Tx, runs []repo.Handing) ([]int64, error) {
	params := make([]river.InsertManyParams, len(runs))
	for i, run := range runs {
		params[i] = river.InsertManyParams{
			Args:       runJob{ID: run.ID.String()},
			InsertOpts: &river.InsertOpts{Queue: riverQueue, MaxAttempts: 1, Priority: run.Priority},
		}
	}
	inserted, err := q.client.InsertManyTx(ctx, tx, params)
	if err != nil {
		return nil, err
	}
	jobs := make([]int64, len(inserted))
	for i, row := range inserted {
		jobs[i] = row.Job.ID
	}
	return jobs, nil
}
