package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"maestro/internal/model"
	"maestro/repo"
)

// Runner runs what the queue brings. The engine is one.
type Runner interface {
	// RunQueued returns when the run is recorded. An error says that it was not
	// begun: it waits again.
	RunQueued(ctx context.Context, run model.QueuedRun) error
}

// QueueOptions are what a RunQueue is made of. DB, Runner, Server and Log are
// needed.
type QueueOptions struct {
	DB     *repo.DB
	Runner Runner
	Server model.ID // as registered
	Log    *slog.Logger

	Workers   int           // runs at a time on each server; 0: 384
	PerTenant int           // runs of one subtenant at a time, and of one function, on all servers; 0: 64
	Poll      time.Duration // how often is looked for what nobody told of; 0: 250 ms
	LostEvery time.Duration // how often is looked for what got lost on its way here; 0: 10 s
}

// riverQueue is the one queue in River that we use: fair shares, limits and
// delays are the dispatcher's.
const riverQueue = "runs"

// neverRescued is longer than any run lasts: River does not decide that a run
// is dead.
const neverRescued = 7 * 24 * time.Hour

// RunQueue brings runs that nobody waits for from the database to the engine.
// They wait there as rows of ours; a dispatcher, of which one server's is at work at
// a time, gives River a few of each subtenant and function; River gives them to
// workers on any server; a worker claims the run before it begins, and only
// the latest hand-over of a run can be claimed.
type RunQueue struct {
	opts     QueueOptions
	client   *river.Client[pgx.Tx]
	wake     chan struct{} // has room for one
	claims   chan claim
	room     chan struct{} // holds one for each run under way, and has room for as many as there may be
	stopping chan struct{} // closed when Stop begins
	// crowded: when last looked at, there were more runs than could go.
	crowded  atomic.Bool
	finished atomic.Int64 // runs that have ended here
	held     held

	mu    sync.Mutex
	end   context.CancelFunc // guarded by mu; nil unless started
	ended sync.WaitGroup
	stop  sync.Once
}

// NewRunQueue makes a queue; it does nothing before Start.
func NewRunQueue(opts QueueOptions) (*RunQueue, error) {
	if opts.Workers <= 0 {
		opts.Workers = 384
	}
	if opts.PerTenant <= 0 {
		opts.PerTenant = 64
	}
	if opts.Poll <= 0 {
		opts.Poll = 250 * time.Millisecond
	}
	if opts.LostEvery <= 0 {
		opts.LostEvery = lostEvery
	}
	q := &RunQueue{opts: opts, wake: make(chan struct{}, 1), claims: make(chan claim, opts.Workers),
		room: make(chan struct{}, opts.Workers), stopping: make(chan struct{})}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &runWorker{queue: q}); err != nil {
		return nil, fmt.Errorf("make the queue: %w", err)
	}
	client, err := river.NewClient(riverpgxv5.New(opts.DB.RiverPool()), &river.Config{
		ID:      opts.Server.String(),
		Logger:  newRiverLog(opts.Log),
		Queues:  map[string]river.QueueConfig{riverQueue: {MaxWorkers: opts.Workers}},
		Workers: workers,

		// What limits a run is its own deadline, who repeats it its own policy, and
		// who declares it dead the heartbeat of its server.
		JobTimeout:           -1,
		MaxAttempts:          1,
		RescueStuckJobsAfter: neverRescued,
		// A worker is done with a job when the run is over: this is no measure.
		JobStuckThreshold: neverRescued,

		Hooks: []rivertype.Hook{river.HookInsertBeginFunc(availableAtOnce)},

		// The defaults cap a server at ten times its workers a second.
		FetchCooldown:     2 * time.Millisecond,
		FetchPollInterval: opts.Poll,

		// It has two indexes more by default, which are dropped (migration 28).
		ReindexerIndexNames: slices.DeleteFunc(river.ReindexerIndexNamesDefault(), func(name string) bool {
			return name == "river_job_args_index" || name == "river_job_metadata_index"
		}),

		// What was done stands in executions.
		CompletedJobRetentionPeriod: time.Minute,
		CancelledJobRetentionPeriod: time.Minute,
		DiscardedJobRetentionPeriod: time.Hour,
	})
	if err != nil {
		return nil, fmt.Errorf("make the queue: %w", err)
	}
	q.client = client
	return q, nil
}

// ErrQueueStarted says that Start was called twice, or after Stop.
var ErrQueueStarted = errors.New("the queue was started before")

// Start begins to run what waits.
func (q *RunQueue) Start() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.end != nil {
		return ErrQueueStarted
	}
	ctx, end := context.WithCancel(context.Background())
	q.end = end
	// River's own context must not end with ours: Stop lets runs finish.
	if err := q.client.Start(context.Background()); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	q.opts.DB.HandAtOnce(q.limits(leastAhead), q.hand, func() bool { return !q.crowded.Load() })
	q.ended.Go(func() { q.dispatch(ctx) })
	q.ended.Go(func() { q.claim(q.client.Stopped()) })
	q.ended.Go(func() { q.findLost(ctx) })
	return nil
}

// Stop begins nothing more and returns when the runs under way are over. What
// was not begun stays for other servers. When ctx ends first it is the error;
// the runs go on all the same.
func (q *RunQueue) Stop(ctx context.Context) error {
	q.mu.Lock()
	started := q.end != nil
	if !started {
		q.end = func() {} // a Start comes too late
	}
	if started {
		q.opts.DB.HandAtOnce(repo.Limits{}, nil, nil)
	}
	q.end()
	q.stop.Do(func() { close(q.stopping) })
	q.mu.Unlock()
	if !started {
		return nil
	}
	if err := q.client.Stop(ctx); err != nil {
		return fmt.Errorf("stop the queue: %w", err)
	}
	q.ended.Wait()
	return nil
}

// Wake says that a run was stored. It never blocks.
func (q *RunQueue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
