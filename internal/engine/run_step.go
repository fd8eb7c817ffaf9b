package engine

import (
	"fmt"
	"log/slog"
	"time"

	"maestro/internal/events"
	"maestro/internal/model"
)

// Lookup implements model.Host.
func (r *run) Lookup(name string) (*model.Program, *model.Raise) {
	f, raise := r.sibling(name)
	if raise != nil {
		return nil, raise
	}
	return f.program, nil
}

func (r *run) sibling(name string) (*function, *model.Raise) {
	if f := r.shelf.ready(name); f != nil && f.kind != model.KindModule {
		return r.fitting(f)
	}
	// It does not wait for packages that are being built: they would be of no
	// use to an interpreter that has others.
	f, _, err := r.engine.catalogue.seek(r.ctx, r.shelf, name)
	switch {
	case f != nil && f.kind != model.KindModule:
		return r.fitting(f)
	case f != nil || model.CodeOf(err) == model.CodeFunctionNotFound:
		return nil, &model.Raise{Kind: model.RaiseName, Name: name, Message: fmt.Sprintf("name '%s' is not defined", name)}
	default:
		r.engine.opts.Log.Error("a sibling can't be loaded", slog.String("tenant", r.request.Tenant), slog.Any("execution_id", r.id), slog.String("function", name), slog.Any("error", err))
		return nil, &model.Raise{Kind: model.RaiseEngine, Message: fmt.Sprintf("the function %s can't be loaded at the moment", name)}
	}
}

// fitting returns f, unless it is switched off or quarantined. If f requires packages that have
// changed since the run began, it is the version of f from then: the run goes on
// with the modules that it has loaded.
func (r *run) fitting(f *function) (*function, *model.Raise) {
	if f.off {
		return nil, &model.Raise{Kind: model.RaiseEngine, Message: fmt.Sprintf("the function %s is switched off (its is_active is false)", f.name)}
	}
	if f.quarantine != "" {
		return nil, &model.Raise{Kind: model.RaiseEngine, Message: fmt.Sprintf("the function %s is quarantined: %s", f.name, f.quarantine)}
	}
	now := r.shelf.latest.Load()
	if now == r.view || r.view == nil || sameEnvironment(now.environment, r.view.environment) || f.findsTheSame(now, r.view) {
		return f, nil
	}
	if known := r.view.functions[f.name]; known != nil {
		if former := known.ready.Load(); former != nil {
			return former, nil
		}
	}
	return nil, &model.Raise{Kind: model.RaiseEngine, Message: fmt.Sprintf("the function %s requires packages that were installed after this execution had begun", f.name)}
}

// findsTheSame reports whether what f requires is the same in two snapshots.
func (f *function) findsTheSame(a, b *snapshot) bool {
	for _, needed := range f.lock {
		in, other := a.environment.Lock.Find(needed.Name), b.environment.Lock.Find(needed.Name)
		if (in == nil) != (other == nil) || in != nil && in.SHA256 != other.SHA256 {
			return false
		}
	}
	return true
}

var raiseEnded = &model.Raise{Kind: model.RaiseEnded, Message: "the execution is over: a thread or task that outlives it can't call functions"}

// BeginStep implements model.Host.
func (r *run) BeginStep(parent model.StepRef, name string, input []byte) (model.Begun, *model.Raise) {
	f, raise := r.sibling(name)
	if raise != nil {
		return model.Begun{}, raise
	}
	s := &step{
		function: f,
		parent:   parent,
		status:   model.StatusRunning,
		input:    input,
	}
	ref, raise := r.add(s)
	if raise != nil {
		return model.Begun{}, raise
	}
	r.publish(events.FunctionCalled, s.id, f, "", 0, "")
	problems, err := r.validate(f.input, input)
	if failure := r.unfit(err, problems, model.FailureInput, model.ErrorInputInvalid, fmt.Sprintf("the input of %s does not fit its input_schema", name)); failure != nil {
		r.noteLate(failure)
		r.settle(ref, nil, failure)
		return model.Begun{}, raiseOf(failure, model.RaiseInput)
	}
	return model.Begun{Step: ref, Program: f.program}, nil
}

// add gives the step its place, and the time of its start: steps of several
// threads start in the order of their places.
func (r *run) add(s *step) (model.StepRef, *model.Raise) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.over() {
		return 0, raiseEnded
	}
	_, parentID, depth := r.place(s.parent)
	s.parentID, s.depth, s.position = parentID, depth+1, len(r.steps)+1
	if s.depth > maxDepth {
		return 0, &model.Raise{Kind: model.RaiseRecursion, Message: fmt.Sprintf("maximum depth of sibling calls exceeded: %d calls within each other", maxDepth)}
	}
	if most := r.engine.opts.MaxSteps; len(r.steps) >= most {
		return 0, &model.Raise{Kind: model.RaiseEngine, Message: fmt.Sprintf("one execution can make at most %d sibling calls (MAX_STEPS): split the work over several executions", most)}
	}
	s.started = time.Now()
	s.id = model.StepID(r.id, r.attempt, s.position)
	s.input, s.cut = r.hold(s.input)
	if parent := r.spanOf(s.parent); parent != nil {
		s.span = parent.Step(s.id, s.function.name, s.function.version, s.started)
	}
	r.steps = append(r.steps, s)
	return model.StepRef(len(r.steps)), nil
}

// EndStep implements model.Host.
func (r *run) EndStep(ref model.StepRef, output []byte, failure *model.Failure) *model.Raise {
	r.mu.Lock()
	s := r.step(ref)
	over := r.state.over()
	r.mu.Unlock()
	if over || s == nil {
		return raiseEnded
	}
	var raise *model.Raise
	if failure == nil {
		problems, err := r.validate(s.function.output, output)
		failure = r.unfit(err, problems, model.FailureOutput, model.ErrorOutputInvalid, fmt.Sprintf("the output of %s does not fit its output_schema", s.function.name))
		if failure != nil {
			r.noteLate(failure)
			raise = raiseOf(failure, model.RaiseOutput)
		}
	}
	r.settle(ref, output, failure)
	return raise
}

// noteLate makes a deadline that ended a step's validation the run's own.
func (r *run) noteLate(failure *model.Failure) {
	if failure.Kind == model.FailureTimeout {
		r.late.Store(true)
	}
}

// settle notes the end of a step.
func (r *run) settle(ref model.StepRef, output []byte, failure *model.Failure) {
	r.mu.Lock()
	s := r.step(ref)
	if r.state.over() || s == nil || s.status != model.StatusRunning {
		r.mu.Unlock()
		return
	}
	s.duration = time.Since(s.started)
	s.status = statusOf(failure)
	if failure == nil {
		var cut bool
		s.output, cut = r.hold(output)
		s.cut = s.cut || cut
	} else {
		s.failure = failure
	}
	status, took := s.status, s.duration
	due := r.noteEnded(s)
	r.mu.Unlock()
	r.meter.StepEnded(status)
	errorType := ""
	if failure != nil {
		errorType = r.veil().text(failure.Type)
	}
	if s.span != nil {
		s.span.End(s.started.Add(took), status, errorType)
	}
	r.publish(events.FunctionCompleted, s.id, s.function, status, took, errorType)
	if due {
		r.handOverSoon()
	}
}

// raiseOf says which exception the calling function sees.
func raiseOf(failure *model.Failure, kind model.RaiseKind) *model.Raise {
	switch failure.Kind {
	case model.FailureEngine, model.FailureTimeout, model.FailureCancelled:
		kind = model.RaiseEngine
	}
	return &model.Raise{Kind: kind, Message: failure.Message, Problems: failure.Problems}
}
