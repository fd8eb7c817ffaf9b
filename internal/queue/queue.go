// Package queue is the room of asynchronous runs: it enqueues and cancels them
// (run_enqueue.go), admits, claims and releases them (run_claim.go), and passes
// them to the engine through River (river.go).
//
// A run waits as a row of the database until a server claims it. The claim is
// one statement, which is also the admission: it takes due runs by fair shares
// between subtenants and within the limits of subtenants and functions
// (ClaimRuns in repo/queries/queued_runs.sql). River asks for as many runs as this
// server has free workers, gives each worker one, and waits for all of them when
// the server stops.
//
// The package must not open the input of a run, nor decide what follows an
// attempt: the engine does, and the row of a run leaves the queue in the statement
// that writes its record (repo/queued_record.go). It knows nothing of schedules.
package queue

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"maestro/internal/backoff"
	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/wake"
	"maestro/repo"
)

// Runner runs claimed runs. The engine is one.
type Runner interface {
	// RunQueued returns when the run is recorded. An error says that it was not
	// begun: it waits again.
	RunQueued(ctx context.Context, run model.QueuedRun) error
}

// Options are what a Queue is made of. DB, Server and Log are needed.
type Options struct {
	DB     *repo.DB
	Server model.ID // as registered
	Log    *slog.Logger

	Workers   int           // runs at a time on each server; 0: 384
	PerTenant int           // runs of one subtenant at a time, and of one function, on all servers; 0: 64
	Poll      time.Duration // how often to look for runs that other servers accepted, or that become due; 0: 250 ms
}

// Queue holds asynchronous runs until a server runs them, and brings those that
// this server claims to its Runner.
type Queue struct {
	opts   Options
	runner Runner
	client *river.Client[pgx.Tx]
	pilot  *pilot
	woken  wake.Signal // a run was stored, or has ended and made room
	// crowded: runs are due that limits keep from beginning; the end of a run may let
	// one begin.
	crowded atomic.Bool
	serving context.Context // ends when Stop begins
	end     context.CancelFunc
	// doubtful are claims of whose commit no answer came. River's fetch alone uses it.
	doubtful []model.QueuedRun

	mu        sync.Mutex
	started   bool // guarded by mu
	notifying sync.WaitGroup
}

// New makes a queue. Runs can be enqueued, cancelled and counted at once; none is
// claimed before Start.
func New(opts Options) (*Queue, error) {
	if opts.Workers <= 0 {
		opts.Workers = 384
	}
	if opts.PerTenant <= 0 {
		opts.PerTenant = 64
	}
	if opts.Poll <= 0 {
		opts.Poll = 250 * time.Millisecond
	}
	q := &Queue{opts: opts, woken: wake.New()}
	q.serving, q.end = context.WithCancel(context.Background())
	q.pilot = &pilot{claim: q.claim}
	client, err := newClient(q)
	if err != nil {
		return nil, fmt.Errorf("make the queue: %w", err)
	}
	q.client = client
	return q, nil
}

// Serve sets what runs the claimed runs. It is called once, before Start.
func (q *Queue) Serve(runner Runner) { q.runner = runner }

// Start begins to claim runs. ctx bounds the start alone. The error may be
// service.ErrStarted or service.ErrStopped.
func (q *Queue) Start(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.serving.Err() != nil:
		return service.ErrStopped
	case q.started:
		return service.ErrStarted
	}
	// River would stop with the context that it is started with, and its jobs too.
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	q.notifying.Go(q.notifyWoken)
	q.started = true
	return nil
}

// Stop claims nothing more and returns when the runs under way have ended. What
// waits is left to other servers. When ctx ends first, its error is returned; the
// runs go on.
func (q *Queue) Stop(ctx context.Context) error {
	q.mu.Lock()
	started := q.started
	q.end()
	q.mu.Unlock()
	if !started {
		return nil
	}
	if err := q.client.Stop(ctx); err != nil {
		return fmt.Errorf("stop the queue: %w", err)
	}
	q.notifying.Wait()
	return nil
}

// Wake says that a run was stored that may be due. It never blocks.
func (q *Queue) Wake() { q.woken.Notify() }

// notifyEvery is how often this server notifies the others at most.
const notifyEvery = 5 * time.Millisecond

// notifyPatience bounds what a notification waits for the database.
const notifyPatience = 5 * time.Second

// notifyWoken has every server look for due runs when one was woken. It asks all
// alike, this one too: the runs of one subtenant then go to where there is time
// for them, and not all to where they were accepted. What it can't tell is found by
// polling.
func (q *Queue) notifyWoken() {
	for {
		select {
		case <-q.serving.Done():
			return
		case <-q.woken:
		}
		ctx, cancel := context.WithTimeout(context.Background(), notifyPatience)
		_ = q.notify(ctx)
		cancel()
		backoff.Sleep(q.serving, notifyEvery)
	}
}
