package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"maestro/internal/calltree"
	"maestro/internal/events"
	"maestro/internal/journal"
	"maestro/internal/mask"
	"maestro/internal/model"
	"maestro/internal/rate"
)

// run is one execution under way. It is the Host that the lane asks.
type run struct {
	engine   *Engine
	id       model.ID
	request  RunRequest
	function *function
	shelf    *shelf
	meter    model.RunMeter
	view     *snapshot                 // the latest one when the run was admitted, with its packages; nil: there is none
	followed atomic.Pointer[snapshot]  // whose functions it calls; nil: not known
	goesOn   bool                      // it is left to the goroutine of its stream; of the goroutine that conducts it
	headers  atomic.Pointer[mask.Mask] // of what came with the request; set again when the request is first read
	created  time.Time
	timeout  time.Duration
	attempt  int
	chain    int              // how many spawned runs lead to this one
	queued   *model.QueuedRun // what an asynchronous run was made from; nil: the run is synchronous
	ctx      context.Context  // ends when the run is to stop; the lane and validate know the deadline
	cancel   context.CancelFunc
	slot     journal.Slot
	span     model.Span             // of this attempt, set before its code begins
	stream   atomic.Pointer[Stream] // nil: its function has not begun to yield, or its caller takes no streams
	omitted  rate.Omission          // of the lines that children report
	late     atomic.Bool            // the deadline ended a validation of a step

	mu        sync.Mutex // guards what follows, and every step
	state     runState
	stopping  stopReason
	started   time.Time // of this attempt; of an asynchronous run, when a thread has begun it
	deadline  time.Time
	longAfter *time.Timer // notes the run once it takes long; nil before it has begun
	book      calltree.Book
	steps     []*step // those of book; nil for those that are recorded and of no more use
	held      int     // bytes of values that are to be recorded
	parts     parts
	firstRead sync.Once         // of the request, by the function's code
	through   *model.FailedStep // how it failed, once it has ended; nil: not within a step
}

// asynchronous reports whether the run was queued, and no caller waits for it.
func (r *run) asynchronous() bool { return r.queued != nil }

// step is one sibling call under way or done.
type step struct {
	id       model.ID
	function *calltree.Function
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
		meter:    e.meterOf(request.Tenant, f),
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
func (r *run) publish(name string, stepID model.ID, f *calltree.Function, status model.Status, took time.Duration, errorType string) {
	r.engine.opts.Events.Publish(events.Event{
		Tenant:      r.request.Tenant,
		ExecutionID: r.id,
		Name:        name,
		At:          time.Now(),
		StepID:      stepID,
		Function:    f.Name,
		Version:     f.Version,
		Status:      status,
		Duration:    took,
		ErrorType:   errorType,
	})
}

// publishCall announces the beginning of a step, with members of it that never change.
func (r *run) publishCall(s *step) {
	r.engine.opts.Events.Publish(events.Event{
		Tenant:      r.request.Tenant,
		ExecutionID: r.id,
		Name:        events.FunctionCalled,
		At:          time.Now(),
		StepID:      s.id,
		ParentID:    s.parentID,
		Function:    s.function.Name,
		Version:     s.function.Version,
	})
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
	f, id := r.place(ref)
	info.StepID, info.Function, info.Version = id, f.Name, f.Version
	info.TraceParent = r.span.TraceParent(ref)
	return info
}

// Log implements model.Host.
func (r *run) Log(ref model.StepRef, line model.LogLine) {
	r.mu.Lock()
	f, stepID := r.place(ref)
	over := r.state.over()
	r.mu.Unlock()
	if over {
		return // the log ends with execution_completed
	}
	veil := r.veil()
	r.engine.opts.Events.Publish(events.Event{
		Tenant:      r.request.Tenant,
		ExecutionID: r.id,
		Name:        events.Log,
		At:          line.Time,
		StepID:      stepID,
		Function:    f.Name,
		Version:     f.Version,
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

// place is where in the run ref is: which function and which step; the execution
// itself has no step's id. The caller holds mu.
func (r *run) place(ref model.StepRef) (f *calltree.Function, id model.ID) {
	if f = r.book.Function(ref); f == nil {
		return &r.function.Function, model.ID{}
	}
	return f, model.StepID(r.id, r.attempt, int(ref))
}

// packages are those that the run needs to find.
func (r *run) packages() model.SitePackages {
	if r.view == nil {
		return model.SitePackages{}
	}
	return r.view.site
}

// lane is the one in which the run's call is made, chosen with its packages.
func (r *run) lane() model.LaneName {
	if r.view == nil {
		return model.LaneEmbedded
	}
	return r.view.lane
}
