package engine

import (
	"context"
	"time"

	"maestro/internal/calltree"
	"maestro/internal/events"
	"maestro/internal/model"
)

var _ calltree.Steps = (*run)(nil)

// BeginStep implements model.Host.
func (r *run) BeginStep(parent model.StepRef, name string, input []byte) (model.Begun, *model.Raise) {
	return calltree.BeginStep(r, parent, name, input)
}

// EndStep implements model.Host.
func (r *run) EndStep(ref model.StepRef, output []byte, failure *model.Failure) *model.Raise {
	return calltree.EndStep(r, ref, output, failure)
}

// Sibling implements calltree.Steps.
func (r *run) Sibling(name string) (*calltree.Function, *model.Raise) {
	f, raise := r.sibling(name)
	if raise != nil {
		return nil, raise
	}
	return &f.Function, nil
}

// Begin implements calltree.Steps. Steps of several threads start in the order of
// their numbers.
func (r *run) Begin(parent model.StepRef, f *calltree.Function, input []byte) (model.StepRef, *model.Raise) {
	r.mu.Lock()
	if r.state.over() {
		r.mu.Unlock()
		return 0, calltree.Over
	}
	s, raise := r.add(parent, f, time.Now(), input)
	r.mu.Unlock()
	if raise != nil {
		return 0, raise
	}
	r.publishCall(s)
	return model.StepRef(s.position), nil
}

// add makes the next step of a run that is not over. The caller holds mu.
func (r *run) add(parent model.StepRef, f *calltree.Function, started time.Time, input []byte) (*step, *model.Raise) {
	ref, raise := r.book.Begin(parent, f, r.engine.opts.MaxSteps)
	if raise != nil {
		return nil, raise
	}
	s := &step{
		id: model.StepID(r.id, r.attempt, int(ref)), function: f, parent: parent,
		position: int(ref), depth: r.book.Depth(ref), started: started, status: model.StatusRunning,
	}
	_, s.parentID = r.place(parent)
	s.input, s.cut = r.hold(input)
	r.steps = append(r.steps, s)
	return s, nil
}

// Open implements calltree.Steps.
func (r *run) Open(ref model.StepRef) *calltree.Function {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.step(ref); s != nil && !r.state.over() {
		return s.function
	}
	return nil
}

// End implements calltree.Steps.
func (r *run) End(ref model.StepRef, output []byte, failure *model.Failure, late bool) {
	if late {
		r.late.Store(true) // the deadline is the run's own
	}
	if r.settle(ref, measured, output, failure) {
		r.handOverSoon()
	}
}

// Bounds implements calltree.Steps.
func (r *run) Bounds() (context.Context, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ctx, r.deadline
}

// measured stands for the time since the beginning of a step.
const measured = time.Duration(-1)

// settle ends a running step that took so long, and reports whether ended steps are due
// to be handed over.
func (r *run) settle(ref model.StepRef, took time.Duration, output []byte, failure *model.Failure) (due bool) {
	r.mu.Lock()
	s := r.step(ref)
	if r.state.over() || s == nil || s.status != model.StatusRunning {
		r.mu.Unlock()
		return false
	}
	if took == measured {
		took = time.Since(s.started)
	}
	status := statusOf(failure)
	s.duration, s.status = took, status
	if failure == nil {
		var cut bool
		s.output, cut = r.hold(output)
		s.cut = s.cut || cut
	} else {
		s.failure = failure
	}
	due = r.noteEnded(s)
	r.mu.Unlock()
	r.meter.StepEnded(status)
	errorType := ""
	if failure != nil {
		errorType = r.veil().text(failure.Type)
	}
	r.traceStep(s, errorType)
	r.publish(events.FunctionCompleted, s.id, s.function, status, took, errorType)
	return due
}
