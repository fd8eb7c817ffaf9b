package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"maestro/internal/calltree"
	"maestro/internal/events"
	"maestro/internal/model"
	"maestro/internal/schema"
)

// RunRequest asks for one run.
type RunRequest struct {
	Tenant      string
	Function    string
	Version     int             // of Function; 0: the current one. Synchronous runs only
	Input       json.RawMessage // JSON; owned by the engine from here on
	Request     bool            // Input has the shape of a request: its "headers" are looked up in any case
	Trigger     model.Trigger
	TriggerID   model.ID // of the webhook or schedule; zero when there is none
	Sensitive   []string // masked as *** in everything that is recorded or logged
	ParentID    model.ID // of the execution that this one was made from; zero when there is none
	ID          model.ID // of the execution, never used before; zero: the engine makes one
	TraceParent string   // of the span that led to the run, empty for none; of a run from the queue, in another trace
	Repeats     string   // traceparent of the run of ParentID, which this one repeats; empty: it is none, or not in the traces
	Origin      Origin   // nil: no HTTP request of its own
	Raw         bool     // bytes that the function returns are sent as they are, and recorded by size and digest
	Stream      bool     // the caller takes what a generator yields while it runs: RunResult.Stream
}

// RunResult is the end of a run that succeeded, or a run that goes on as a stream.
type RunResult struct {
	ExecutionID model.ID
	Output      json.RawMessage
	Response    *model.Response // the function returned a maestro.Response
	Bytes       bool            // the answer's body is bytes, as in model.Outcome
	Kept        model.Kept      // where the record is
	Stream      *Stream         // the function returned a generator, which runs; only ExecutionID is set beside it
}

// Run runs a function to its end and returns when it is recorded, or when it has begun to
// yield for a caller that takes streams. ctx is the
// server's, not the client's: a client that disconnects cancels nothing.
//
// The error is an *model.Error. When an execution was recorded it carries its
// id, and what the function did wrong is in its Failure.
func (e *Engine) Run(ctx context.Context, request RunRequest) (RunResult, error) {
	result, err := e.run(ctx, request)
	if err != nil && result.ExecutionID.IsZero() {
		err = model.NothingRan(err)
	}
	return result, err
}

func (e *Engine) run(ctx context.Context, request RunRequest) (RunResult, error) {
	if err := e.Admit(); err != nil {
		return RunResult{}, err
	}
	if err := scan(request.Input); err != nil {
		return RunResult{}, err
	}
	var f *function
	var in *snapshot // of f; nil: of none
	var err error
	if request.Version == 0 {
		f, in, err = e.catalogue.functionIn(ctx, request.Tenant, request.Function)
	} else {
		f, err = e.catalogue.version(ctx, request.Tenant, request.Function, request.Version)
	}
	if err != nil {
		return RunResult{}, err
	}
	if f.paused {
		return RunResult{}, functionPaused(f.Name)
	}
	if _, err := e.opts.Secrets.Of(ctx, request.Tenant); err != nil {
		return RunResult{}, err // without them nothing of the run could be recorded
	}
	if f.atOnce > 0 {
		slot := slotKey{request.Tenant, request.Function}
		if err := e.limits.acquire(ctx, slot, f.atOnce); err != nil {
			return RunResult{}, err
		}
	}
	r := e.newRun(ctx, f, request)
	r.followed.Store(in)
	if err := e.admit(r); err != nil {
		r.dispose()
		return RunResult{}, err
	}
	defer func() {
		if !r.goesOn {
			r.leave()
		}
	}()
	if r.view != nil && r.view.paused {
		return RunResult{}, subtenantPaused(request.Tenant)
	}
	r.enterJournal()
	return r.conduct()
}

// leave takes a synchronous run that is over out of the engine.
func (r *run) leave() {
	r.slot.Remove()
	r.engine.remove(r)
	r.dispose()
}

// dispose gives back what a synchronous run takes before it is admitted.
func (r *run) dispose() {
	r.cancel()
	if r.function.atOnce > 0 {
		r.engine.limits.release(slotKey{r.request.Tenant, r.request.Function})
	}
}

// TimeLimit is how long a run of a function may take: the server's limit when
// it names none, or is not there.
func (e *Engine) TimeLimit(ctx context.Context, tenant, name string) time.Duration {
	f, err := e.catalogue.outline(ctx, tenant, name)
	if err != nil || f.timeout == 0 {
		return e.opts.Timeout
	}
	return f.timeout
}

// scan refuses an input that is not JSON, or larger than a function can take. No
// execution is recorded then, as for every call that never began.
func scan(input json.RawMessage) error {
	err := schema.Scan(input)
	var limit *schema.LimitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &limit):
		return model.NewError(model.CodeInputInvalid, "The input can't be taken: %v.", err)
	default:
		return model.NewError(model.CodeMalformedBody, "The input is not valid JSON: %v.", err)
	}
}

// conduct takes a synchronous run from its first check to its record.
func (r *run) conduct() (RunResult, error) {
	r.startSpan()
	r.begin(r.deadline)
	outcome, err := r.perform()
	if outcome.Rest != nil {
		return r.goOn(outcome.Rest), nil
	}
	return r.conclude(outcome, err)
}

// conclude records the end of a synchronous run, and makes its answer.
func (r *run) conclude(outcome model.Outcome, err error) (RunResult, error) {
	if err != nil {
		outcome = model.Outcome{Failure: engineFailure(err)}
	}
	kept := r.record(r.finish(&outcome))
	r.blame(outcome.Failure)
	var failed *model.Error
	switch {
	case err != nil:
		failed = r.notStarted(err)
	case outcome.Failure != nil:
		failed = r.failed(outcome.Failure)
	default:
		return RunResult{ExecutionID: r.id, Output: outcome.Output, Response: outcome.Response, Bytes: outcome.Bytes, Kept: kept}, nil
	}
	failed.Kept = kept
	return RunResult{}, failed
}

// conductQueued does the same for an asynchronous run. An error says that the run
// was not begun, and leaves no record: it is to wait again.
func (r *run) conductQueued() error {
	outcome, err := r.perform()
	if reason := r.released(err); reason != nil {
		return fmt.Errorf("the run was not begun: %w", reason)
	}
	if err != nil { // cancelled while the lane had no room for it
		outcome = model.Outcome{Failure: &model.Failure{Kind: model.FailureCancelled, Type: model.ErrorCancelled, Message: "The execution was cancelled."}}
	}
	r.begin(r.deadline) // it may have come to its end before that
	r.record(r.finish(&outcome))
	r.blame(outcome.Failure)
	return nil
}

func engineFailure(err error) *model.Failure {
	return &model.Failure{Kind: model.FailureEngine, Type: model.ErrorEngine, Message: err.Error()}
}

// record counts the end, writes the record and publishes the end. The answer waits for the record;
// the record depends neither on the caller nor on the deadline of the function.
func (r *run) record(record *model.Record) model.Kept {
	ended := &record.Execution
	r.traceRun(ended)
	r.meter.Ended(ended.Trigger, ended.Status, ended.Duration, record.Queued != nil && record.Queued.Retry)
	wait, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), r.engine.opts.RecordWait)
	defer cancel()
	kept := max(r.engine.opts.Recorder.Finish(wait, record), r.partsKept(wait))
	if kept == model.Unsaved {
		r.engine.opts.Log.Warn("an execution ended whose record neither the database nor the disk has taken yet",
			slog.String("tenant", r.request.Tenant), slog.Any("execution_id", r.id))
	}
	r.announce(record)
	return kept
}

// announce tells the live log that the execution is over, unless another
// attempt follows.
func (r *run) announce(record *model.Record) {
	if record.Queued != nil && record.Queued.Retry {
		return
	}
	r.publish(events.ExecutionCompleted, model.ID{}, &r.function.Function, record.Execution.Status, record.Execution.Duration, deref(record.Execution.ErrorType))
}

// perform checks the input, runs the function and checks the output. An error
// means that the lane did not start it.
func (r *run) perform() (model.Outcome, error) {
	f := r.function
	if failure := r.unfit(f.Input, r.request.Input, inputUnfit); failure != nil {
		return model.Outcome{Failure: failure}, nil
	}
	outcome, err := r.engine.opts.Lane.Call(r.ctx, model.Call{
		Tenant:   r.request.Tenant,
		Lane:     r.lane(),
		Program:  f.Program,
		Input:    r.request.Input,
		Request:  r.request.Request,
		Deadline: r.deadline,
		Patient:  r.patient(),
		Host:     r,
		Packages: r.packages(),
		Ticket:   r.slot.Ticket(),
		Stream:   r.request.Stream,
	})
	if outcome.Rest != nil {
		return outcome, nil
	}
	return r.performed(outcome, err)
}

// performed takes the outcome of the lane, and checks the output.
func (r *run) performed(outcome model.Outcome, err error) (model.Outcome, error) {
	r.logOmitted(outcome.Omitted)
	r.logOmitted(r.omitted.Take())
	if r.late.Load() && err == nil && (outcome.Failure == nil || outcome.Failure.Kind == model.FailureException) {
		outcome = model.Outcome{Failure: calltree.Late()} // even where the function has caught it before the lane saw the deadline
	}
	if err != nil || outcome.Failure != nil {
		return outcome, err
	}
	if s := r.stream.Load(); s != nil {
		outcome.Output, _ = s.output()
	}
	if failure := r.unfit(r.function.Output, outcome.Output, outputUnfit); failure != nil {
		return model.Outcome{Failure: failure}, nil
	}
	return outcome, nil
}

// How a run fails whose own input or output does not fit.
var (
	inputUnfit  = model.Failure{Kind: model.FailureInput, Type: model.ErrorInputInvalid, Message: "the input does not fit the function's input_schema"}
	outputUnfit = model.Failure{Kind: model.FailureOutput, Type: model.ErrorOutputInvalid, Message: "the output does not fit the function's output_schema"}
)

// unfit checks a value of the run itself against a schema, until the deadline, or
// until the run is stopped. It returns the failure to which that comes, or nil.
func (r *run) unfit(against *schema.Schema, value []byte, ours model.Failure) *model.Failure {
	if against.Accepts(value) { // as it does with most, before a deadline could matter
		return nil
	}
	ctx, deadline := r.Bounds()
	return calltree.Examine(ctx, deadline, against, value, ours)
}

// patient says how the lane is to do an asynchronous run; nil for a synchronous one.
func (r *run) patient() *model.Patient {
	if !r.asynchronous() {
		return nil
	}
	return &model.Patient{Limit: r.timeout, Begin: r.begin}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
