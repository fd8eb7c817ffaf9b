package queue

import (
	"context"
	"log/slog"
	"time"

	"maestro/internal/backoff"
	"maestro/internal/model"
	"maestro/repo"
)

const (
	// claimPatience bounds what one claim waits for the database.
	claimPatience = 30 * time.Second
	// releasedFor is how long a run waits at least that could not be begun.
	releasedFor = 2 * time.Second
	// The pauses between attempts to release a run.
	insistFirst, insistLongest = 100 * time.Millisecond, time.Second
)

// claim takes what may begin here, at most room runs, in the order in which they
// are to begin.
func (q *Queue) claim(ctx context.Context, room int) ([]model.QueuedRun, error) {
	if q.serving.Err() != nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, claimPatience)
	defer cancel()
	if len(q.doubtful) > 0 {
		return q.confirm(ctx)
	}
	q.crowded.Store(true) // before the look: a run that ends meanwhile may make room that it does not see
	due, err := q.opts.DB.MakeDue(ctx)
	if err != nil {
		return nil, err
	}
	if !due {
		q.crowded.Store(false)
		return nil, nil
	}
	runs, err := q.opts.DB.ClaimRuns(ctx, q.opts.Server, repo.Limits{PerFunction: q.opts.PerTenant, PerTenant: q.opts.PerTenant, Room: room})
	if err != nil {
		q.doubtful = runs
		return nil, err
	}
	if len(runs) == room {
		q.crowded.Store(false) // it was the room: River asks again once a worker is free
	}
	return runs, nil
}

// confirm returns those of the doubtful claims that were committed.
func (q *Queue) confirm(ctx context.Context) ([]model.QueuedRun, error) {
	runs, err := q.opts.DB.ConfirmClaims(ctx, q.opts.Server, q.doubtful)
	if err != nil {
		return nil, err
	}
	q.doubtful = nil
	q.opts.Log.Info("claims whose answer was lost are confirmed", slog.Int("runs", len(runs)))
	return runs, nil
}

// perform brings a claimed run to its end.
func (q *Queue) perform(ctx context.Context, run model.QueuedRun) {
	if err := q.runner.RunQueued(ctx, run); err != nil {
		q.release(run, err)
	}
	if q.crowded.Load() {
		q.Wake() // there is room for another run
	}
}

// release has a run wait again that was not begun. It tries until the database has
// heard of it or the queue stops: the database then learns it from the end of this
// server.
func (q *Queue) release(run model.QueuedRun, reason error) {
	id := run.Execution.ID
	q.opts.Log.Debug("a run was not begun and waits again", slog.Any("execution_id", id), slog.Any("reason", reason))
	pause := backoff.Backoff{First: insistFirst, Longest: insistLongest}
	for {
		ctx, cancel := context.WithTimeout(context.Background(), claimPatience)
		err := q.opts.DB.ReleaseRun(ctx, id, run.Claim, releasedFor)
		cancel()
		if err == nil || !pause.Wait(q.serving) {
			return
		}
	}
}
