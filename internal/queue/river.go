package queue

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivershared/baseservice"
	"github.com/riverqueue/river/rivershared/riverpilot"
	"github.com/riverqueue/river/rivertype"

	"maestro/internal/model"
)

// riverQueue is the one queue in River that we use: shares, limits and delays are
// the claim's.
const riverQueue = "runs"

// newClient makes River's client, whose jobs are the runs: it fetches by claiming,
// through a pilot. River's own table of jobs stays empty.
func newClient(q *Queue) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{queue: q}); err != nil {
		return nil, err
	}
	client, err := river.NewClient(driver{riverpgxv5.New(q.opts.DB.RiverPool()), q.pilot}, &river.Config{
		ID:      q.opts.Server.String(),
		Logger:  newRiverLog(q.opts.Log),
		Queues:  map[string]river.QueueConfig{riverQueue: {MaxWorkers: q.opts.Workers}},
		Workers: workers,

		// What limits a run is its own deadline, what repeats it its policy, and what
		// declares it dead the heartbeat of its server.
		JobTimeout:             -1,
		MaxAttempts:            1,
		LeaderElectionDisabled: true, // there is no table of jobs to maintain

		// The defaults cap a server at ten times its workers a second.
		FetchCooldown:     2 * time.Millisecond,
		FetchPollInterval: q.opts.Poll,
	})
	if err != nil {
		return nil, err
	}
	if client.Pilot() != q.pilot {
		return nil, errors.New("this version of River takes no pilot from its driver")
	}
	return client, nil
}

// notify tells River on every server, as an insert of its own would, that there may
// be something to fetch.
func (q *Queue) notify(ctx context.Context) error {
	return q.client.Driver().GetExecutor().NotifyMany(ctx, &riverdriver.NotifyManyParams{
		Topic: "river_insert", Payload: []string{`{"queue":"` + riverQueue + `"}`},
	})
}

// driver is River's for pgx, with a pilot.
type driver struct {
	*riverpgxv5.Driver
	pilot *pilot
}

func (driver) PluginInit(*baseservice.Archetype) {}
func (d driver) PluginPilot() riverpilot.Pilot   { return d.pilot }

// pilot is the seam at which River lets a plug-in decide what is fetched. River
// promises nothing about it between versions: the compiler finds what has changed
// its form, newClient and this package's tests the rest.
type pilot struct {
	riverpilot.StandardPilot
	claim   func(ctx context.Context, room int) ([]model.QueuedRun, error)
	claimed sync.Map // claim → model.QueuedRun, on its way through River
}

// JobGetAvailable implements riverpilot.Pilot. River makes one call at a time.
func (p *pilot) JobGetAvailable(ctx context.Context, _ riverdriver.Executor, _ riverpilot.ProducerState,
	params *riverdriver.JobGetAvailableParams,
) (*riverdriver.JobGetAvailableResult, error) {
	runs, err := p.claim(ctx, params.MaxToLock)
	if err != nil {
		return nil, err
	}
	jobs := make([]*rivertype.JobRow, len(runs))
	for i, run := range runs {
		p.claimed.Store(run.Claim, run)
		jobs[i] = &rivertype.JobRow{
			ID: run.Claim, Kind: runJob{}.Kind(), Queue: riverQueue, EncodedArgs: []byte("{}"), State: rivertype.JobStateRunning,
			Attempt: 1, MaxAttempts: 1, CreatedAt: run.Execution.CreatedAt, ScheduledAt: run.Execution.CreatedAt,
		}
	}
	return &riverdriver.JobGetAvailableResult{Jobs: jobs}, nil
}

// JobSetStateIfRunningMany implements riverpilot.Pilot: how a run ended stands in
// its record, with which its row goes.
func (p *pilot) JobSetStateIfRunningMany(context.Context, riverdriver.Executor, *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	return nil, nil
}

// runJob is what River takes for the arguments of a job. The run itself goes past
// River: its input may be large, and River would encode it.
type runJob struct{}

// Kind implements river.JobArgs.
func (runJob) Kind() string { return "run" }

// worker is what River calls with each job, on a goroutine of its own.
type worker struct {
	river.WorkerDefaults[runJob]
	queue *Queue
}

// Work implements river.Worker. It has no error to report: how a run ended stands in
// its record, and one that was not begun waits again.
func (w *worker) Work(ctx context.Context, job *river.Job[runJob]) error {
	if run, there := w.queue.pilot.claimed.LoadAndDelete(job.ID); there {
		w.queue.perform(context.WithoutCancel(ctx), run.(model.QueuedRun))
	}
	return nil
}
