package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"maestro/internal/events"
	"maestro/internal/mask"
	"maestro/internal/model"
)

// maxDepth bounds sibling calls within each other; a deeper one is a
// RecursionError.
const maxDepth = 100

// run is one execution under way. It is the Host that the lane asks.
type run struct {
	engine   *Engine
	id       model.ID
	request  RunRequest
	function *function
	shelf    *shelf
	view     *snapshot                 // the latest one when the run was admitted, with its packages; nil: there is none
	headers  atomic.Pointer[mask.Mask] // of what came with the request; set again by Request
	created  time.Time
	timeout  time.Duration
	attempt  int
	chain    int              // how many spawned runs lead to this one
	queued   *model.QueuedRun // nil: somebody waits for the run
	ctx      context.Context  // ends when someone cancels; the lane and validate know the deadline
	cancel   context.CancelFunc
	late     atomic.Bool // the deadline ended a validation of a step

	mu    sync.Mutex // guards what follows, and every step
	steps []*step    // nil for those that are recorded and of no more use
	past  []past     // of these, at the same places; shorter, and mostly nil, while there are few
	ended bool       // nothing is added any more: what still runs is left behind
	held  int        // bytes of values that are to be recorded
	parts parts
	lost  bool // the server stops it, for its own ends

	unveiled bool // its code has asked for the request

	started  time.Time // of this attempt; of one that nobody waits for, when a thread has begun it
	deadline time.Time
	begun    bool              // it counts as begun
	running  *time.Timer       // writes it as running once it takes long; nil before it has begun
	through  *model.FailedStep // how it failed, once it is ended; nil: not within a step
	stopped  bool              // somebody has asked for its end: no other attempt follows
}

// stop asks the run for its end, and reports whether it will heed that.
func (r *run) stop() bool {
	r.mu.Lock()
	late := r.ended && r.queued != nil // another attempt may follow by now
	r.stopped = true
	r.mu.Unlock()
	r.cancel()
	return !late
}

// leave gives a queued run up that has not begun: it waits again.
func (r *run) leave() {
	r.mu.Lock()
	left := r.queued != nil && !r.begun
	r.lost = r.lost || left
	r.mu.Unlock()
	if left {
		r.cancel()
	}
}

// step is one sibling call under way or done.
type step struct {
	id       model.ID
	function *function
	parent   model.StepRef
	parentID model.ID
	position int
	depth    int
	started  time.Time
	duration time.Duration
	status   model.Status
	input    []byte
	output   []byte
	failure  *model.Failure
	cut      bool
	next     *step // that ended after it, while neither is handed over
	handed   bool  // over to the recorder, which writes its row
	marked   bool  // there may be a row that says running
}

func (e *Engine) newRun(ctx context.Context, f *function, request RunRequest) *run {
	now := time.Now()
	if request.ID.IsZero() {
		request.ID = model.NewIDAt(now)
	}
	timeout := f.timeout
	if timeout == 0 {
		timeout = e.opts.Timeout
	}
	r := &run{
		engine:   e,
		id:       request.ID,
		request:  request,
		function: f,
		shelf:    e.catalogue.shelf(request.Tenant),
		created:  now,
		started:  now,
		timeout:  timeout,
		deadline: now.Add(timeout),
		attempt:  1,
	}
	r.headers.Store(mask.NewWhole(request.Sensitive))
	r.ctx, r.cancel = context.WithCancel(ctx)
	return r
}

// publish sends one event of the run itself or, with a step, of that step.
func (r *run) publish(name string, stepID model.ID, f *function, status model.Status, took time.Duration, errorType string) {
	r.engine.opts.Events.Publish(events.Event{
		Tenant:      r.request.Tenant,
		ExecutionID: r.id,
		Name:        name,
		At:          time.Now(),
		StepID:      stepID,
		Function:    f.name,
		Version:     f.version,
		Status:      status,
		Duration:    took,
		ErrorType:   errorType,
	})
}

// takesLong is for a run that has taken so long that the database is to know of
// it, and of its steps.
func (r *run) takesLong() {
	r.noteRunning()
	r.partTime()
}

// noteRunning writes the run as running, unless that was done.
func (r *run) noteRunning() {
	r.mu.Lock()
	noted := r.parts.noted
	r.mu.Unlock()
	if noted {
		return
	}
	veil := r.veil()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || r.parts.noted {
		return
	}
	r.parts.noted = true
	execution := r.execution(veil)
	execution.Status = model.StatusRunning
	r.engine.opts.Recorder.Running(&execution)
}

// Info implements model.Host.
func (r *run) Info(ref model.StepRef) model.CallInfo {
	info := model.CallInfo{
		ExecutionID: r.id,
		Subtenant:   r.request.Tenant,
		Trigger:     r.request.Trigger,
		Attempt:     r.attempt,
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	info.Deadline = r.deadline.UTC()
	f, id, _ := r.place(ref)
	info.StepID, info.Function, info.Version = id, f.name, f.version
	return info
}

// Log implements model.Host.
func (r *run) Log(ref model.StepRef, line model.LogLine) {
	r.mu.Lock()
	f, stepID, _ := r.place(ref)
	ended := r.ended
	r.mu.Unlock()
	if ended {
		return // the log ends with execution_completed
	}
	veil := r.veil()
	r.engine.opts.Events.Publish(events.Event{
		Tenant:      r.request.Tenant,
		ExecutionID: r.id,
		Name:        events.Log,
		At:          line.Time,
		StepID:      stepID,
		Function:    f.name,
		Version:     f.version,
		Stream:      line.Stream,
		Level:       line.Level,
		Text:        veil.text(line.Text),
		Fields:      veil.json(line.Fields),
	})
}

// step returns the step of ref, nil for the execution itself and for a step that
// is past. The caller holds mu.
func (r *run) step(ref model.StepRef) *step {
	if ref == 0 || int(ref) > len(r.steps) {
		return nil
	}
	return r.steps[ref-1]
}

// past is what is kept of a step that is recorded: threads that it began may
// still call functions, and log.
type past struct {
	function *function
	depth    int
}

// place is where in the run ref is: which function, which step and how deep; the
// execution itself has no step's id. The caller holds mu.
func (r *run) place(ref model.StepRef) (f *function, id model.ID, depth int) {
	if s := r.step(ref); s != nil {
		return s.function, s.id, s.depth
	}
	if ref == 0 || int(ref) > len(r.past) {
		return r.function, model.ID{}, 0
	}
	p := r.past[ref-1]
	return p.function, model.StepID(r.id, r.attempt, int(ref)), p.depth
}

// packages are those that the run needs to find.
func (r *run) packages() model.SitePackages {
	if r.view == nil {
		return model.SitePackages{}
	}
	return r.view.site
}

// Siblings implements model.Host. When the database can't be asked, what is
// known stays as it is: generation 0 stands for "nothing known".
func (r *run) Siblings() ([]string, uint64) {
	now, _, err := r.engine.catalogue.present(r.ctx, r.shelf)
	if now == nil || err != nil {
		return nil, 0
	}
	return now.names, now.generation
}

// Generation implements model.Host.
func (r *run) Generation() uint64 {
	_, generation := r.Siblings()
	return generation
}
