package recorder

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/repo"
)

// Options are the settings of a Recorder. The zero value is usable, but
// without a SpoolDir finished work is lost with the process when the database
// stays away.
type Options struct {
	SpoolDir   string        // a folder for what can't be written in time; made when needed
	Server     string        // the name of this server, kept in each row
	Flushers   int           // transactions at a time, besides one for queued runs and one for steps of runs that go on; 0: 2
	QueueBytes int64         // that may wait in memory, and as much of queued runs, and a quarter of steps of runs that go on; beyond it Finish and Steps block; 0: 128 MiB
	SpoolAfter time.Duration // how long the database may be away before records go to the spool; 0: 1 s
	Reserve    int64         // bytes of the disk that are kept for the spool, so that it works on one that is full; 0: 32 MiB, below 0: none
	Replayed   int64         // records that ReplaySpool has written before, and that Stats count
	// Parts writes steps of runs that go on, through a connection of its own: the kernel
	// lets a process of the database that has copied many rows wait behind others, and so
	// the next commit of it. Nil: the recorder's own.
	Parts *repo.DB
	// Committed is told of each transaction: its records, and how long ago the run of
	// one of them ended. It must not wait. Nil: not needed.
	Committed func(records int, lag time.Duration)
}

// recordOverhead is what a queued record counts for beside its values, in
// bytes.
const recordOverhead = 1 << 10

// Recorder writes records in batches. Its life goes made → started → stopped,
// once; both steps may be called from several goroutines and more than once.
type Recorder struct {
	db   *repo.DB
	opts Options
	log  *slog.Logger

	// waited is of records of synchronous runs, background of those of asynchronous
	// runs: these are many at a time and in no hurry, and go in larger batches.
	waited, background *line
	// parts is of steps of runs that go on: large records, for which only their run
	// waits.
	parts *line

	// mu guards state, and with it the closing of the lines: a sender holds it for
	// reading.
	mu    sync.RWMutex
	state state

	link      link
	running   runningMarks
	spool     *spool
	stats     counters
	lastError atomic.Pointer[error] // of the database
	lastAway  atomic.Int64          // the last moment at which new runs were refused; 0: never
	flushers  sync.WaitGroup
	helpers   sync.WaitGroup // the loop for running rows, that which watches the database, and what these begin
	stopping  chan struct{}  // closed when Stop begins
	untilStop context.Context
	endHelp   context.CancelFunc // ends untilStop
	flushed   chan struct{}      // closed when the lines are empty for ever
	abandon   context.CancelFunc
	abandoned context.Context // ends when Stop has run out of time
}

type state uint8

// The states follow each other in this order.
const (
	stateMade state = iota
	stateStarted
	stateStopped
)

// entry is a record on its way.
type entry struct {
	record  *model.Record
	size    int64
	hasRow  bool            // it was marked as running, or steps of it were, so it is merged
	settled chan model.Kept // gets the outcome, once; has room for it
}

// New makes a recorder that writes through db, which should be a pool of its
// own: waiting for a connection behind other queries delays every answer.
// Start it before use.
func New(db *repo.DB, opts Options, log *slog.Logger) *Recorder {
	if opts.Flushers <= 0 {
		opts.Flushers = 2
	}
	if opts.QueueBytes <= 0 {
		opts.QueueBytes = 128 << 20
	}
	if opts.Parts == nil {
		opts.Parts = db
	}
	if opts.SpoolAfter <= 0 {
		opts.SpoolAfter = time.Second
	}
	if opts.Committed == nil {
		opts.Committed = func(int, time.Duration) {}
	}
	if opts.Reserve == 0 {
		opts.Reserve = defaultReserve
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &Recorder{
		db: db, opts: opts, log: log, spool: &spool{dir: opts.SpoolDir, log: log, reserved: opts.Reserve},
		waited: newLine(db, opts.QueueBytes), background: newLine(db, opts.QueueBytes), parts: newLine(opts.Parts, opts.QueueBytes/4),
		stopping: make(chan struct{}), flushed: make(chan struct{}),
	}
	r.stats.replayed.Store(opts.Replayed)
	r.running.init()
	r.abandoned, r.abandon = context.WithCancel(context.Background())
	r.untilStop, r.endHelp = context.WithCancel(r.abandoned)
	r.link.init(r.abandoned)
	return r
}

// Start begins writing, also what earlier processes left in the spool.
func (r *Recorder) Start(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.state {
	case stateStarted:
		return service.ErrStarted
	case stateStopped:
		return service.ErrStopped
	}
	r.state = stateStarted
	r.spool.openReserve()
	for range r.opts.Flushers {
		r.flushers.Go(func() { r.flush(r.waited) })
	}
	r.flushers.Go(func() { r.flush(r.background) })
	r.flushers.Go(func() { r.flush(r.parts) })
	r.helpers.Go(r.writeRunning)
	r.helpers.Go(r.watch)
	return nil
}

// Stop writes the queued records and ends. When ctx ends first the rest goes to
// the spool. The error says that records were lost, because database and disk
// both failed.
func (r *Recorder) Stop(ctx context.Context) error {
	r.mu.Lock()
	first := r.state != stateStopped
	started := r.state == stateStarted
	r.state = stateStopped
	if first {
		close(r.stopping)
		r.endHelp()
		close(r.waited.entries)
		close(r.background.entries)
		close(r.parts.entries)
		if !started {
			close(r.flushed)
		}
	}
	r.mu.Unlock()
	if first && started {
		go func() {
			r.flushers.Wait()
			r.helpers.Wait()
			r.spool.closeReserve()
			close(r.flushed)
		}()
	}
	select {
	case <-r.flushed:
	case <-ctx.Done():
		r.abandon()
		<-r.flushed // soon: the rest goes to a file
	}
	r.abandon()
	if lost := r.stats.lost.Load(); lost > 0 {
		return errors.New("the recorder could neither write nor spool all records")
	}
	return nil
}

// Finish records the end of a run and returns once that is committed; or, when
// the database does not confirm it in time, once it is on this server's disk.
// The recorder owns the record from now on. Unsaved is the answer when ctx ends
// first, or when neither takes the record: it is retried until Stop.
func (r *Recorder) Finish(ctx context.Context, record *model.Record) model.Kept {
	return r.keep(ctx, record)
}

func (r *Recorder) keep(ctx context.Context, record *model.Record) model.Kept {
	clean(record)
	e := &entry{record: record, size: sizeOf(record), settled: make(chan model.Kept, 1)}
	// One that is larger than the whole queue takes all of it.
	e.size = min(e.size, r.lineOf(e).bytes)
	if kept, queued := r.enqueue(ctx, e); !queued {
		return kept
	}
	select {
	case kept := <-e.settled:
		return kept
	case <-ctx.Done():
		return model.Unsaved
	}
}

// enqueue passes e to the flushers, waiting for room. A record that finds none goes
// to the spool.
func (r *Recorder) enqueue(ctx context.Context, e *entry) (kept model.Kept, queued bool) {
	l := r.lineOf(e)
	if !l.room.TryAcquire(e.size) {
		if err := l.room.Acquire(ctx, e.size); err != nil {
			return r.spoolLate(e), false
		}
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.state != stateStarted {
		l.room.Release(e.size)
		return r.spoolLate(e), false
	}
	e.hasRow = e.record.Known
	if !e.record.StepsOnly {
		e.hasRow = r.running.forget(e.record.Execution.ID) || e.hasRow || e.record.Queued != nil
	}
	r.stats.queued.Add(1)
	l.entries <- e
	return 0, true
}

// spoolLate puts a record on disk for which there is no place in the queue.
func (r *Recorder) spoolLate(e *entry) model.Kept {
	if err := r.toSpool([]*model.Record{e.record}); err != nil {
		r.lose(1, err)
		return model.Unsaved
	}
	return model.Spooled
}

// counters are read by Stats.
type counters struct {
	queued, batches, records, largest, spooled, replayed, lost, refused, runningDropped atomic.Int64
}

// Stats are counts since the start, and the present state.
type Stats struct {
	Queued         int64         // records waiting now
	Batches        int64         // transactions committed
	Records        int64         // records committed
	LargestBatch   int64         // in records
	Spooled        int64         // records put into spool files
	Replayed       int64         // records written from spool files
	SpoolFiles     int           // waiting now
	SpoolBytes     int64         // in these
	Lost           int64         // records that neither database nor disk took
	Refused        int64         // runs that Admit refused
	RunningDropped int64         // running rows not written for want of room
	AwayFor        time.Duration // how long the database has been away; 0 when it is there
}

// Stats returns the counts.
func (r *Recorder) Stats() Stats {
	return Stats{
		Queued: r.stats.queued.Load(), Batches: r.stats.batches.Load(), Records: r.stats.records.Load(),
		LargestBatch: r.stats.largest.Load(), Spooled: r.stats.spooled.Load(), Replayed: r.stats.replayed.Load(),
		SpoolFiles: r.spool.count(), SpoolBytes: r.spool.bytes(), Lost: r.stats.lost.Load(), Refused: r.stats.refused.Load(), RunningDropped: r.stats.runningDropped.Load(),
		AwayFor: max(r.away(r.waited), r.away(r.background)),
	}
}
