package process

import (
	"context"
	"sync"
	"time"

	"maestro/internal/model"
)

// call is one outer call.
type call struct {
	model.Call
	remote model.RemoteHost
	number uint64
	tenant *tenant
	leads  bool // its caller reads the frames of its child

	// Guarded by tenant.mu.
	child    *child      // that runs it, once it was chosen
	granted  chan *child // of a call that waits; gets nil when it is refused
	queued   time.Time
	answered bool // outcome and err are decided
	late     bool // it was answered before its code had ended

	outcome model.Outcome
	err     error
	done    chan struct{} // gets one value after outcome and err are set, unless the caller has set them; or when rest is made
	rest    chan struct{} // takes done's place once the call goes on as a stream; nil: it does not. Guarded by tenant.mu until done has got its value
}

// doneChannels are reused: at most one value goes through each.
var doneChannels = sync.Pool{New: func() any { return make(chan struct{}, 1) }}

// timers are reused, stopped.
var timers = sync.Pool{New: func() any {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}}

func timedOut() *model.Failure {
	return &model.Failure{Kind: model.FailureTimeout, Type: model.ErrorTimeout, Message: "The function ran past its deadline."}
}

func cancelled() *model.Failure {
	return &model.Failure{Kind: model.FailureCancelled, Type: model.ErrorCancelled, Message: "The execution was cancelled."}
}

func stopping() *model.Error {
	return model.NewError(model.CodeUnavailable, "The server is stopping and does not run functions. Try again in a moment.")
}

func beingDeleted(tenant string) *model.Error {
	return model.NewError(model.CodeUnavailable, "The subtenant %q is being deleted.", tenant)
}

func tooManyRequests(limit time.Duration) *model.Error {
	e := model.NewError(model.CodeTooManyRequests,
		"No process became free for this subtenant within %v: too many of its calls are running. Try again later.", limit)
	e.RetryAfter = time.Second
	return e
}

var errNotBegun = model.NewError(model.CodeUnavailable, "The call was taken back before it began.")

// wait waits for a child. Without one the call is over.
func (c *call) wait(ctx context.Context) (*child, model.Outcome, error) {
	var patience, deadline <-chan time.Time
	var patient *time.Timer
	if c.Patient == nil {
		patient = time.NewTimer(c.tenant.lane.opt.WaitLimit)
		defer patient.Stop()
		patience = patient.C
		if !c.Deadline.IsZero() {
			due := time.NewTimer(time.Until(c.Deadline))
			defer due.Stop()
			deadline = due.C
		}
	}
	var outcome model.Outcome
	var err error
	for outcome.Failure == nil && err == nil {
		select {
		case ch := <-c.granted:
			if ch == nil {
				err = c.err // set before that
			}
			return ch, outcome, err
		case <-ctx.Done():
			outcome.Failure = cancelled()
		case <-deadline:
			outcome.Failure = timedOut()
			outcome.Failure.Message = "The deadline passed before a process was free to run the function."
		case <-patience:
			if c.tenant.isStarting() { // and imports packages, perhaps for long; StartLimit bounds it
				patient.Reset(c.tenant.lane.opt.WaitLimit)
				continue
			}
			err = tooManyRequests(c.tenant.lane.opt.WaitLimit)
		}
	}
	c.tenant.leaveQueue(c)
	return nil, outcome, err
}

// run runs c in the child that was chosen for it.
func (c *call) run(ctx context.Context, ch *child) (model.Outcome, error) {
	if c.Patient != nil {
		c.Deadline = time.Now().Add(c.Patient.Limit)
		if !c.Patient.Begin(c.Deadline) {
			ch.finish(c)
			return model.Outcome{}, errNotBegun
		}
	}
	ch.send(c)
	if c.leads && ch.lead(c) || c.await(ctx, ch) {
		doneChannels.Put(c.done)
		if c.rest != nil {
			return model.Outcome{Rest: func() (model.Outcome, error) { return c.awaitRest(ctx, ch) }}, nil
		}
	}
	return c.outcome, c.err
}

// await waits for c's notice; false: c is stopped instead.
func (c *call) await(ctx context.Context, ch *child) (noticed bool) {
	due := timers.Get().(*time.Timer)
	if c.Deadline.IsZero() {
		due.Reset(time.Duration(1<<63 - 1))
	} else {
		due.Reset(time.Until(c.Deadline))
	}
	select {
	case <-c.done:
		noticed = true
	case <-ctx.Done():
		ch.stop(c, cancelled())
	case <-due.C:
		ch.stop(c, timedOut())
	}
	due.Stop()
	timers.Put(due)
	return noticed
}

// answer decides what c comes to. tenant.mu is held. A second answer is ignored: it is
// the late one of a call that was stopped.
func (c *call) answer(outcome model.Outcome, err error) {
	if c.answered {
		return
	}
	c.answered = true
	c.outcome, c.err = outcome, err
	if c.rest != nil {
		c.rest <- struct{}{}
	} else {
		c.done <- struct{}{}
	}
}
