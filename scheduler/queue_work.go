package scheduler

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"maestro/internal/model"
	"maestro/repo"
)

const (
	// claimBatch bounds one claiming statement: some runs begin while others are
	// being claimed.
	claimBatch = 96
	// claimPatience bounds its time.
	claimPatience = 30 * time.Second
	// insistEvery is the pause between two tries to tell the database.
	insistEvery = 200 * time.Millisecond
	// roomPatience is how long what was handed to a full server waits there, when
	// there are others.
	roomPatience = 2 * time.Second
	// returnedFor is how long a run waits that could not be begun.
	returnedFor = 2 * time.Second
)

// runWorker is what River calls.
type runWorker struct {
	river.WorkerDefaults[runJob]
	queue *RunQueue
}

// Work brings the runs of a job to their ends, side by side. It has no error to
// report: how a run ended stands in its record, and one that was not begun waits
// again.
func (w *runWorker) Work(ctx context.Context, job *river.Job[runJob]) error {
	q := w.queue
	q.held.add(job.ID)
	defer q.held.remove(job.ID)
	handed := make([]repo.Handover, len(job.Args.IDs))
	for i, text := range job.Args.IDs {
		id, err := model.ParseID(text)
		if err != nil {
			return river.JobCancel(err)
		}
		handed[i] = repo.Handover{ID: id, Job: job.ID}
	}
	var under sync.WaitGroup
	defer under.Wait()
	for i, h := range handed {
		if !q.takeRoom(handed[i:]) {
			break
		}
		under.Go(func() {
			defer func() { <-q.room }()
			q.perform(ctx, h)
		})
	}
	return nil
}

// takeRoom waits until there is room for one more run here. It returns false
// when what is left of a job was left to other servers instead: because they may
// have room earlier, or because this one stops.
func (q *RunQueue) takeRoom(left []repo.Handover) bool {
	select {
	case <-q.stopping:
		q.leave(left, true)
		return false
	case q.room <- struct{}{}:
		return true
	default:
	}
	patience := time.NewTicker(roomPatience)
	defer patience.Stop()
	for {
		select {
		case <-q.stopping:
			q.leave(left, true)
			return false
		case q.room <- struct{}{}:
			return true
		case <-patience.C:
			if q.leave(left, false) {
				return false
			}
		}
	}
}

// leave has runs wait again that are not claimed, and reports whether it did.
// One that it fails for is found by whoever looks for what the queue has lost,
// once its job is over.
func (q *RunQueue) leave(left []repo.Handover, anyway bool) bool {
	ctx, cancel := context.WithTimeout(context.Background(), claimPatience)
	defer cancel()
	n, err := q.opts.DB.LeaveRuns(ctx, q.opts.Server, left, anyway)
	return err == nil && n > 0
}

// perform claims a run and brings it to its end.
func (q *RunQueue) perform(ctx context.Context, h repo.Handover) {
	run, ok := q.claimOne(h)
	if !ok {
		return // cancelled, or another hand-over's
	}
	if err := q.opts.Runner.RunQueued(context.WithoutCancel(ctx), run); err != nil {
		q.giveBack(h, err)
	}
	q.finished.Add(1)
	if q.crowded.Load() {
		q.Wake() // there is room for another one
	}
}

func (q *RunQueue) giveBack(h repo.Handover, reason error) {
	q.opts.Log.Debug("a run was not begun and waits again", slog.Any("execution_id", h.ID), slog.Any("reason", reason))
	_ = q.insist(func(ctx context.Context, _ bool) error { return q.opts.DB.ReturnRun(ctx, h, returnedFor) })
}

// insist does what the database must hear of until it has, or until the queue
// is stopped: what it does not hear of then it learns from the end of this
// server. again is true from the second try on.
func (q *RunQueue) insist(do func(ctx context.Context, again bool) error) error {
	for again := false; ; again = true {
		ctx, cancel := context.WithTimeout(context.Background(), claimPatience)
		err := do(ctx, again)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-q.stopping:
			return err
		case <-time.After(insistEvery/2 + rand.N(insistEvery)):
		}
	}
}

// claim is a worker's wish to begin a run.
type claim struct {
	handover repo.Handover
	answer   chan<- *model.QueuedRun // gets nil when the run is not its to begin
}

func (q *RunQueue) claimOne(h repo.Handover) (model.QueuedRun, bool) {
	answer := make(chan *model.QueuedRun, 1)
	q.claims <- claim{h, answer}
	run := <-answer
	if run == nil {
		return model.QueuedRun{}, false
	}
	return *run, true
}

// claim is the loop that claims what is wished for, all at once what has
// gathered while the last statement ran. It ends when no worker is left.
func (q *RunQueue) claim(stopped <-chan struct{}) {
	wishes := make([]claim, 0, claimBatch)
	for {
		select {
		case <-stopped:
			return
		case first := <-q.claims:
			wishes = append(wishes[:0], first)
		}
	gather:
		for len(wishes) < claimBatch {
			select {
			case next := <-q.claims:
				wishes = append(wishes, next)
			default:
				break gather
			}
		}
		q.grant(wishes)
	}
}

func (q *RunQueue) grant(wishes []claim) {
	handovers := make([]repo.Handover, len(wishes))
	for i, wish := range wishes {
		handovers[i] = wish.handover
	}
	granted := map[repo.Handover]model.QueuedRun{}
	err := q.insist(func(ctx context.Context, again bool) error {
		claimed, err := q.opts.DB.ClaimRuns(ctx, q.opts.Server, handovers, again)
		maps.Copy(granted, claimed)
		return err
	})
	if err != nil {
		q.opts.Log.Warn("runs can't be claimed; they wait for another server", slog.Int("runs", len(wishes)), slog.Any("error", err))
	}
	for _, wish := range wishes {
		if run, ok := granted[wish.handover]; ok {
			wish.answer <- &run
			continue
		}
		wish.answer <- nil
	}
}
