package engine

import (
	"time"

	"maestro/internal/mask"
	"maestro/internal/model"
)

// maxHeld bounds the bytes of step values that one execution holds in memory
// until they are recorded. Later values are recorded as cut.
const maxHeld = 64 << 20

// hold returns the value as it goes into the record: cut when it is too long
// by itself, or when the execution holds too much already; masked before that,
// or half a secret could remain at the cut. The caller holds mu.
func (r *run) hold(value []byte) ([]byte, bool) {
	full := r.held+len(value) > maxHeld
	if full || len(value) > model.MaxRecorded {
		value = r.veil().json(value)
	}
	kept, cut := model.CutValue(value, full)
	r.held += len(kept)
	return kept, cut
}

// execution is the record's root, as far as it is known before the end.
func (r *run) execution(veil veil) model.Execution {
	input, complete := veil.recorded(r.request.Input)
	return model.Execution{
		ID:              r.id,
		Tenant:          r.request.Tenant,
		FunctionName:    r.function.Name,
		FunctionVersion: r.function.Version,
		Trigger:         r.request.Trigger,
		TriggerID:       r.request.TriggerID,
		Input:           input,
		CreatedAt:       r.created,
		StartedAt:       r.started,
		Attempt:         r.attempt,
		ParentID:        r.request.ParentID,
		Lane:            r.lane(),
		TraceParent:     r.traced(),
		RecordComplete:  complete,
		InputComplete:   complete,
	}
}

// finish ends the run and makes its record. Later work of a thread that the
// function left behind is not part of it. A run that was stopped with the server
// has another failure afterwards: no caller asked for its end.
func (r *run) finish(outcome *model.Outcome) *model.Record {
	now, veil, stream := time.Now(), r.veil(), r.stream.Load()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.enter(runEnded)
	if failure := outcome.Failure; failure != nil && failure.Kind == model.FailureCancelled && r.stopping == serverStops {
		outcome.Failure = &model.Failure{
			Kind: model.FailureStopped, Type: model.ErrorServerStopped, Classes: []string{model.ErrorCrashed}, Message: "the server was stopped while the function ran", Traceback: failure.Traceback,
		}
	}
	if r.longAfter != nil {
		r.longAfter.Stop()
	}
	r.through = r.failedStep(outcome.Failure)
	execution := r.execution(veil)
	execution.CompletedAt = now
	execution.Duration = now.Sub(r.started)
	execution.Status = statusOf(outcome.Failure)
	if outcome.Failure == nil {
		output := outcome.Output
		if outcome.Bytes && r.request.Raw {
			output = recordedBytes(output)
			execution.RecordComplete = false
		}
		if stream == nil {
			kept, complete := veil.recorded(output)
			execution.Output = kept
			execution.RecordComplete = execution.RecordComplete && complete
		}
	} else {
		execution.Error, execution.ErrorType, execution.Traceback = veil.texts(outcome.Failure)
	}
	if stream != nil {
		kept, complete := stream.recorded(veil)
		execution.Output = kept
		execution.RecordComplete = execution.RecordComplete && complete
	}
	if r.parts.timer != nil {
		r.parts.timer.Stop()
	}
	record := &model.Record{Execution: execution, Unwatched: execution.Status.Failure() && r.unwatched()}
	if left := r.notHandedOver(); left > 0 {
		record.Steps = make([]model.Step, 0, left)
		for _, s := range r.steps {
			if s != nil && !s.handed {
				if s.status == model.StatusRunning {
					s.close(now, execution.Status, outcome.Failure)
					r.meter.StepEnded(s.status)
					r.traceStep(s, model.ErrorAbandoned)
				}
				record.Steps = append(record.Steps, r.row(s, veil))
				record.Known = record.Known || s.marked
			}
		}
	}
	r.endQueued(record, outcome.Failure)
	return record
}

// unwatched reports whether it is known that no message is sent about the function:
// by its present setting, which may be later than the begin of the run.
func (r *run) unwatched() bool {
	now := r.shelf.current.Load()
	if now == nil {
		return false
	}
	known := now.functions[r.function.Name]
	if known == nil {
		return false
	}
	f := known.ready.Load()
	switch {
	case f == nil:
		return false
	case f.notify == nil:
		return !now.notified
	default:
		return string(f.notify) == `"off"`
	}
}

// notHandedOver counts the steps that the record at the end has to hold. The
// caller holds mu.
func (r *run) notHandedOver() (n int) {
	for _, s := range r.steps {
		if s != nil && !s.handed {
			n++
		}
	}
	return n
}

// close ends a step that is still open with its execution: timed out, cancelled or
// crashed like it, and failed otherwise: its process has ended, or its caller returned
// without waiting for it.
func (s *step) close(now time.Time, status model.Status, outer *model.Failure) {
	s.duration = now.Sub(s.started)
	switch {
	case status == model.StatusTimedOut, status == model.StatusCancelled, status == model.StatusCrashed:
		s.status = status
	case outer != nil && outer.Kind == model.FailureProcess:
		s.status = model.StatusFailed
		s.failure = &model.Failure{Kind: model.FailureProcess, Type: outer.Type, Message: "the process of this call ended before it did"}
	default:
		s.status = model.StatusFailed
		s.failure = &model.Failure{Kind: model.FailureException, Type: model.ErrorAbandoned, Message: "the execution ended before this call did"}
	}
}

// row is a step's row. The caller holds mu, unless the step has ended.
func (r *run) row(s *step, veil veil) model.Step {
	input, output := veil.json(s.input), veil.json(s.output)
	row := model.Step{
		ID:              s.id,
		ExecutionID:     r.id,
		ParentID:        s.parentID,
		Depth:           s.depth,
		Position:        s.position,
		Attempt:         r.attempt,
		FunctionName:    s.function.Name,
		FunctionVersion: s.function.Version,
		Status:          s.status,
		Input:           input,
		Output:          output,
		StartedAt:       s.started,
		RecordComplete:  !s.cut && mask.Untouched(input, s.input) && mask.Untouched(output, s.output),
	}
	if s.status != model.StatusRunning {
		row.CompletedAt, row.Duration = s.started.Add(s.duration), s.duration
	}
	if s.failure != nil {
		row.Error, row.ErrorType, row.Traceback = veil.texts(s.failure)
	}
	return row
}

func statusOf(failure *model.Failure) model.Status {
	switch {
	case failure == nil:
		return model.StatusCompleted
	case failure.Kind == model.FailureTimeout:
		return model.StatusTimedOut
	case failure.Kind == model.FailureCancelled:
		return model.StatusCancelled
	case failure.Kind == model.FailureStopped:
		return model.StatusCrashed
	default:
		return model.StatusFailed
	}
}
