package scheduler

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"maestro/internal/model"
	"maestro/repo"
)

const (
	// dispatchBatch is how many runs one transaction hands over at most.
	dispatchBatch = 1024
	// dispatchPatience bounds that transaction: while it lasts nobody else hands
	// anything over.
	dispatchPatience = 10 * time.Second
	// leastAhead is how many runs are handed over beyond those that all servers
	// together can do at a time: what is behind them in River's queue, of whatever
	// subtenant, waits for these first. Where runs are short there are as many more as
	// end within aheadTime: that much passes between two hand-overs, and until the
	// end of a run has made room.
	leastAhead = 64
	mostAhead  = 2048
	aheadTime  = 150 * time.Millisecond
	// paceTime is how long runs are counted at least for the rate at which they end.
	paceTime = 20 * time.Millisecond
	// While more wait than may go a dispatcher rests for this part of the time that it
	// has worked, and within these bounds: it may only have waited for another one.
	// Where it handed one over or none, singleRest: that costs about as much as many.
	restShare  = 4
	leastRest  = 5 * time.Millisecond
	mostRest   = 25 * time.Millisecond
	singleRest = 15 * time.Millisecond
	// largestJob is how many runs one job of River's brings at most. A job costs
	// River the same whatever it brings.
	largestJob = 16
	// fewestJobs is into how many jobs runs are parted before any has several:
	// so many servers get some.
	fewestJobs = 8
)

// runJob is what River keeps of runs: their names.
type runJob struct {
	IDs []string `json:"ids"`
}

// Kind implements river.JobArgs.
func (runJob) Kind() string { return "maestro_run" }

// dispatch hands over what may start: when it hears of a new run, when a run
// has ended and made room, and from time to time for what other servers have
// accepted, or is due only now. While more wait than may go it rests in between: it
// then hands over more at a time, and leaves the processors to the runs.
func (q *RunQueue) dispatch(ctx context.Context) {
	tick := time.NewTicker(q.opts.Poll)
	defer tick.Stop()
	away := false
	var looked time.Time // when was looked whether there is anything to do
	var pace pace
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.wake:
		case <-tick.C:
		}
		began, handed := time.Now(), 0
		for more := true; more && ctx.Err() == nil; {
			look := !q.crowded.Load() || time.Since(looked) >= q.opts.Poll
			if look {
				looked = time.Now()
			}
			q.crowded.Store(true) // a run that ends meanwhile may make room that is not seen
			pace.note(time.Now(), q.finished.Load())
			n, left, err := q.handOver(ctx, look, pace.ahead())
			q.crowded.Store(left)
			more = n == dispatchBatch
			handed += n
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
		if q.crowded.Load() {
			rest := max(time.Since(began)/restShare, leastRest)
			if handed <= 1 {
				rest = max(rest, singleRest)
			}
			select {
			case <-ctx.Done():
			case <-time.After(min(rest, mostRest)):
			}
		}
	}
}

// pace is how many runs end here lately. The dispatcher's alone.
type pace struct {
	at        time.Time
	ended     int64
	perSecond float64
}

// note takes how many have ended by now.
func (p *pace) note(at time.Time, ended int64) {
	passed := at.Sub(p.at)
	switch {
	case p.at.IsZero():
	case passed < paceTime: // it says too little
		return
	default:
		now := float64(ended-p.ended) / passed.Seconds()
		p.perSecond += (now - p.perSecond) / 2
	}
	p.at, p.ended = at, ended
}

func (p *pace) ahead() int {
	return min(leastAhead+int(p.perSecond*aheadTime.Seconds()), mostAhead)
}

func (q *RunQueue) limits(ahead int) repo.Limits {
	return repo.Limits{
		PerFunction: q.opts.PerTenant, PerTenant: q.opts.PerTenant, PerServer: q.opts.Workers, Ahead: ahead, AtOnce: dispatchBatch,
	}
}

func (q *RunQueue) handOver(ctx context.Context, look bool, ahead int) (n int, left bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, dispatchPatience)
	defer cancel()
	return q.opts.DB.Dispatch(ctx, q.limits(ahead), look, q.hand)
}

// hand gives runs to River, several in a job when there are many. To River all
// are equal: what goes first was decided when they were picked, for each
// subtenant by itself.
func (q *RunQueue) hand(ctx context.Context, tx pgx.Tx, runs []model.ID) ([]int64, error) {
	jobs := inJobs(runs)
	params := make([]river.InsertManyParams, len(jobs))
	for i, job := range jobs {
		ids := make([]string, len(job))
		for j, run := range job {
			ids[j] = run.String()
		}
		params[i] = river.InsertManyParams{Args: runJob{IDs: ids}, InsertOpts: &river.InsertOpts{Queue: riverQueue, MaxAttempts: 1}}
	}
	inserted, err := q.client.InsertManyTx(ctx, tx, params)
	if err != nil {
		return nil, err
	}
	numbers := make([]int64, 0, len(runs))
	for i, row := range inserted {
		for range jobs[i] {
			numbers = append(numbers, row.Job.ID)
		}
	}
	return numbers, nil
}

// longAgo is before all times that a server's or the database's clock shows.
var longAgo = time.Unix(0, 0)

// availableAtOnce is called for each job that River stores. River would stamp it
// with this server's clock and give it out when the database's shows that time,
// which may be long after: clocks differ, and are changed.
func availableAtOnce(_ context.Context, job *rivertype.JobInsertParams) error {
	job.ScheduledAt = &longAgo
	return nil
}

// inJobs parts runs into jobs, in their order.
func inJobs(runs []model.ID) [][]model.ID {
	size := min(max(len(runs)/fewestJobs, 1), largestJob)
	return slices.Collect(slices.Chunk(runs, size))
}
