package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"maestro/internal/calltree"
	"maestro/internal/events"
	"maestro/internal/model"
	"maestro/internal/secrets"
	"maestro/repo"
)

// Queue holds asynchronous runs until a server runs them.
type Queue interface {
	// Enqueue stores a run and returns after the commit.
	Enqueue(ctx context.Context, run model.QueuedRun) error
	// Count is how many runs of a subtenant wait, counted up to most.
	Count(ctx context.Context, tenant string, most int) (int, error)
	// Cancel ends a run that waits. It returns nil when none with that id does.
	Cancel(ctx context.Context, tenant string, id model.ID) (*model.Execution, error)
	// Wake says that a run was stored by others than Enqueue. It never blocks.
	Wake()
}

// Seal encrypts inputs while they wait. A *vault.Vault is one.
type Seal interface {
	Seal(tenant, place string, plaintext []byte) []byte
	Open(tenant, place string, sealed []byte) ([]byte, error)
}

// Later says how an asynchronous run is to be done.
type Later struct {
	Delay    time.Duration
	Priority int                // 0: model.PriorityDefault
	Policy   *model.RetryPolicy // nil: the function's
	Chain    int                // how many spawned runs lead to it
	Fitting  bool               // refuse an input that does not fit the function's input_schema; false: the run itself does
}

const (
	maxChain   = 100
	maxPending = 10_000 // of a subtenant, as far as spawn fills it
)

// Plan holds the facts about a function that preparing its runs needs. One
// goroutine at a time may use it.
type Plan struct {
	function *function // maybe only its outline
	secrets  *secrets.Set
}

// Plan looks up what Prepare needs. It waits for no packages, and compiles
// nothing: the server that begins the run does.
func (e *Engine) Plan(ctx context.Context, tenant, function string) (Plan, error) {
	f, err := e.catalogue.outline(ctx, tenant, function)
	if err != nil {
		return Plan{}, err
	}
	return e.planOf(ctx, tenant, f)
}

func (e *Engine) planOf(ctx context.Context, tenant string, f *function) (Plan, error) {
	known, err := e.opts.Secrets.Of(ctx, tenant)
	if err != nil {
		return Plan{}, err // without them the input could not be recorded
	}
	return Plan{f, known}, nil
}

// Prepare makes the pending run of a request for the planned function and stores
// nothing: that is for callers with a transaction of their own. It makes no
// call to the database. The errors are those of Run about the input.
func (e *Engine) Prepare(ctx context.Context, plan Plan, request RunRequest, later Later) (model.QueuedRun, error) {
	if err := scan(request.Input); err != nil {
		return model.QueuedRun{}, err
	}
	r := e.newRun(ctx, plan.function, request)
	defer r.cancel()
	if later.Fitting {
		if err := r.fits(); err != nil {
			return model.QueuedRun{}, err
		}
	}
	execution := r.execution(veil{r.headers.Load(), plan.secrets.Mask()})
	execution.Status = model.StatusPending
	if later.Priority == 0 {
		later.Priority = model.PriorityDefault
	}
	if later.Policy == nil {
		later.Policy = plan.function.retry
	}
	packed, err := packRequest(&request)
	if err != nil {
		return model.QueuedRun{}, err
	}
	if e.opts.Tracer != nil {
		packed = packTrace(&request, packed)
	}
	return model.QueuedRun{
		Execution: execution, Input: e.opts.Inputs.Seal(request.Tenant, r.id.String(), packed), Request: request.Request,
		Delay: later.Delay, Priority: later.Priority, Policy: later.Policy, Chain: later.Chain,
	}, nil
}

// fits returns the caller's error when the input does not fit the function's
// input_schema. Nothing is recorded, and what can't be told within the
// function's time is left to the run.
func (r *run) fits() error {
	if err := r.function.readInputSchema(); err != nil {
		return err
	}
	failure := r.unfit(r.function.Input, r.request.Input, inputUnfit)
	if failure == nil || failure.Kind != model.FailureInput {
		return nil
	}
	refused := r.failed(failure)
	refused.ExecutionID = model.ID{}
	return refused
}

// Submit accepts an asynchronous run and returns, with the id of the
// execution, once it is stored. An input that does not fit is refused. With an
// error, an id says that the run may have been stored all the same.
func (e *Engine) Submit(ctx context.Context, request RunRequest, later Later) (id model.ID, err error) {
	if err := e.Admit(); err != nil {
		return model.ID{}, err
	}
	later.Fitting = true
	f, err := e.catalogue.loaded(ctx, request.Tenant, request.Function)
	if err != nil {
		return model.ID{}, err
	}
	plan, err := e.planOf(ctx, request.Tenant, f)
	if err != nil {
		return model.ID{}, err
	}
	end := e.accept(&request, f)
	defer func() { end(err) }()
	run, err := e.Prepare(ctx, plan, request, later)
	if err != nil {
		return model.ID{}, err
	}
	uncertain, err := e.store(ctx, run)
	switch {
	case err != nil && uncertain:
		return run.Execution.ID, perhapsStored(run.Execution.ID, err)
	case err != nil:
		return model.ID{}, model.NothingRan(err)
	}
	e.meterOf(request.Tenant, f).Accepted(request.Trigger)
	return run.Execution.ID, nil
}

// store stores a run once. When the answer to a commit is lost it is stored
// again, under the same id, until the database tells which of the two it was:
// with an error its caller would send it again, and have it run twice. uncertain
// says that it can't be told in time.
func (e *Engine) store(ctx context.Context, run model.QueuedRun) (uncertain bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.opts.SubmitWait)
	defer cancel()
	for pause := firstStorePause; ; pause = min(2*pause, longestStorePause) {
		err = e.opts.Queue.Enqueue(ctx, run)
		if err == nil || repo.IsRowConflict(err) { // that row is this run's: no other has its id
			return false, nil
		}
		uncertain = uncertain || repo.MayHaveHappened(err)
		if !uncertain || !repo.IsAway(err) {
			return uncertain, err
		}
		select {
		case <-ctx.Done():
			return true, err
		case <-time.After(pause):
		}
	}
}

const (
	firstStorePause   = 20 * time.Millisecond
	longestStorePause = 500 * time.Millisecond
)

// perhapsStored is the error of a run of which it is not known whether it is
// stored. It names no time after which to send it again: that might run it twice.
func perhapsStored(id model.ID, cause error) *model.Error {
	err := model.NewError(model.CodeUnavailable,
		"The database connection was lost while the run was being stored, so it may run nevertheless. Look up execution %s before sending it again.", id)
	err.ExecutionID, err.RetryAfter, err.Cause = id, model.NoRetry, cause
	return err
}

// Wake says that runs were stored by others than Submit.
func (e *Engine) Wake() { e.opts.Queue.Wake() }

// CancelPending ends an execution that waits and that no server has begun, and
// reports whether there was one.
func (e *Engine) CancelPending(ctx context.Context, tenant string, id model.ID) (bool, error) {
	cancelled, err := e.opts.Queue.Cancel(ctx, tenant, id)
	if err != nil || cancelled == nil {
		return false, err
	}
	e.opts.Meter.Of(tenant, cancelled.FunctionName).Unbegun(cancelled.Trigger, cancelled.Status)
	e.opts.Events.Publish(events.Event{
		Tenant: tenant, ExecutionID: id, Name: events.ExecutionCompleted, At: time.Now(),
		Function: cancelled.FunctionName, Version: cancelled.FunctionVersion, Status: cancelled.Status,
	})
	return true, nil
}

// Spawn implements model.Host.
func (r *run) Spawn(name string, input []byte, delay time.Duration) (model.ID, *model.Raise) {
	e := r.engine
	r.mu.Lock()
	over := r.state.over()
	r.mu.Unlock()
	if over {
		return model.ID{}, calltree.Over
	}
	refused := func(format string, args ...any) (model.ID, *model.Raise) {
		return model.ID{}, &model.Raise{Kind: model.RaiseEngine, Message: fmt.Sprintf(format, args...)}
	}
	if r.chain >= maxChain {
		return refused("a chain of spawned runs can be at most %d long", maxChain)
	}
	if _, raise := r.sibling(name); raise != nil {
		return model.ID{}, raise
	}
	pending, err := e.opts.Queue.Count(r.ctx, r.request.Tenant, maxPending)
	if err == nil && pending >= maxPending {
		return refused("%d runs of this subtenant are pending already: spawn waits for none, try again when there are fewer", maxPending)
	}
	var id model.ID
	if err == nil {
		id, err = e.Submit(r.ctx, RunRequest{
			Tenant: r.request.Tenant, Function: name, Input: input, Request: RequestShaped(input), Trigger: model.TriggerSpawn, ParentID: r.id,
			Sensitive: r.request.Sensitive, TraceParent: r.span.TraceParent(0),
		}, Later{Delay: delay, Chain: r.chain + 1})
	}
	var coded *model.Error
	errors.As(err, &coded)
	if coded != nil && coded.Code == model.CodeInputInvalid {
		message := coded.Detail
		if coded.Failure != nil {
			message = coded.Failure.Message
		}
		return model.ID{}, &model.Raise{Kind: model.RaiseInput, Message: fmt.Sprintf("%s can't be spawned: %s", name, message), Problems: coded.Problems}
	}
	if coded != nil && coded.Code != model.CodeUnavailable && coded.Code != model.CodeInternal { // the caller's fault
		return refused("%s can't be spawned: %s", name, coded.Detail)
	}
	if err != nil {
		e.opts.Log.Error("a run can't be spawned", slog.String("tenant", r.request.Tenant), slog.Any("execution_id", r.id), slog.String("function", name), slog.Any("error", err))
		return refused("the run can't be queued at the moment")
	}
	return id, nil
}
