package queue

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

const (
	// claimPatience bounds what one claim waits for the database.
	claimPatience = 30 * time.Second
	// The rest between two claims while runs are due.
	leastRest = 5 * time.Millisecond
	mostRest  = 25 * time.Millisecond
	// releasedFor is how long a run waits at least that could not be begun.
	releasedFor = 2 * time.Second
	// insistEvery is the pause between two tries to release a run.
	insistEvery = 200 * time.Millisecond
)

// claim takes the runs that may begin here and for which there is room, in the order
// in which they are to begin.
func (q *Queue) claim(ctx context.Context) ([]model.QueuedRun, error) {
	if !q.rest() {
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
	room := q.opts.Workers - int(q.running.Load())
	if room <= 0 {
		return nil, nil
	}
	began := time.Now()
	runs, err := q.opts.DB.ClaimRuns(ctx, q.opts.Server, repo.Limits{PerFunction: q.opts.PerTenant, PerTenant: q.opts.PerTenant, Room: room})
	q.rested = time.Now().Add(min(max(time.Since(began), leastRest), mostRest))
	if err != nil {
		q.doubtful = runs
		return nil, err
	}
	q.running.Add(int64(len(runs)))
	return runs, nil
}

// rest waits, while more runs are due than may begin, for as long as the last claim
// took: runs that end meanwhile are then followed by one claim, which costs about
// as much for one as for many. It reports false when the queue is stopped.
func (q *Queue) rest() bool {
	var pause time.Duration
	if q.crowded.Load() {
		pause = time.Until(q.rested)
	}
	if pause > 0 {
		select {
		case <-q.stopping:
		case <-time.After(pause):
		}
	}
	select {
	case <-q.stopping:
		return false
	default:
		return true
	}
}

// confirm returns those of the doubtful claims that were committed.
func (q *Queue) confirm(ctx context.Context) ([]model.QueuedRun, error) {
	runs, err := q.opts.DB.ConfirmClaims(ctx, q.opts.Server, q.doubtful)
	if err != nil {
		return nil, err
	}
	q.doubtful = nil
	q.running.Add(int64(len(runs)))
	q.opts.Log.Info("claims whose answer was lost are confirmed", slog.Int("runs", len(runs)))
	return runs, nil
}

// perform brings a claimed run to its end.
func (q *Queue) perform(ctx context.Context, run model.QueuedRun) {
	defer func() {
		q.running.Add(-1)
		if q.crowded.Load() {
			q.Wake() // there is room for another run
		}
	}()
	if err := q.runner.RunQueued(ctx, run); err != nil {
		q.release(run, err)
	}
}

// release has a run wait again that was not begun. It tries until the database has
// heard of it or the queue stops: the database then learns it from the end of this
// server.
func (q *Queue) release(run model.QueuedRun, reason error) {
	id := run.Execution.ID
	q.opts.Log.Debug("a run was not begun and waits again", slog.Any("execution_id", id), slog.Any("reason", reason))
	for {
		ctx, cancel := context.WithTimeout(context.Background(), claimPatience)
		err := q.opts.DB.ReleaseRun(ctx, id, run.Claim, releasedFor)
		cancel()
		if err == nil {
			return
		}
		select {
		case <-q.stopping:
			return
		case <-time.After(insistEvery/2 + rand.N(insistEvery)):
		}
	}
}
