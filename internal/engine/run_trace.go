package engine

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"maestro/internal/model"
)

// startSpan gives an attempt its span. An asynchronous run begins a trace of its own,
// since its caller's may have ended long ago; the two are linked.
func (r *run) startSpan() {
	if r.engine.opts.Tracer == nil {
		return
	}
	parent := r.request.TraceParent
	if r.asynchronous() {
		parent = ""
	}
	r.span = r.engine.opts.Tracer.Begin(parent)
}

// traceRun sends the span of an attempt that is recorded now.
func (r *run) traceRun(ended *model.Execution) {
	if !r.span.Sampled() {
		return
	}
	traced := model.TracedRun{
		ExecutionID: r.id, Tenant: r.request.Tenant, Function: r.function.Name, Version: r.function.Version,
		Trigger: r.request.Trigger, Attempt: r.attempt, ParentID: r.request.ParentID, Asynchronous: r.asynchronous(),
		TracedEnd: model.TracedEnd{Started: ended.StartedAt, Ended: ended.CompletedAt, Status: ended.Status, ErrorType: deref(ended.ErrorType)},
	}
	if r.asynchronous() {
		traced.Link, traced.Repeats = r.request.TraceParent, r.request.Repeats
	}
	r.engine.opts.Tracer.Run(r.span, traced)
}

// traceStep sends the span of a step that has ended.
func (r *run) traceStep(s *step, errorType string) {
	if !r.span.Sampled() {
		return
	}
	r.engine.opts.Tracer.Step(r.span, model.TracedStep{
		ID: s.id, Step: model.StepRef(s.position), Parent: s.parent, Function: s.function.Name, Version: s.function.Version,
		TracedEnd: model.TracedEnd{Started: s.started, Ended: s.started.Add(s.duration), Status: s.status, ErrorType: errorType},
	})
}

// traced refers to the span, for retries and readers of the record; empty unless it is
// in the traces.
func (r *run) traced() string {
	if !r.span.Sampled() {
		return ""
	}
	return r.span.TraceParent(0)
}

// Accept starts the span of storing a run of the planned function, to which the
// attempts of the run are linked. end must be called.
func (e *Engine) Accept(request *RunRequest, plan Plan) (end func(error)) {
	return e.accept(request, plan.function)
}

func (e *Engine) accept(request *RunRequest, f *function) (end func(error)) {
	if e.opts.Tracer == nil {
		return func(error) {}
	}
	now := time.Now()
	if request.ID.IsZero() {
		request.ID = model.NewIDAt(now)
	}
	span := e.opts.Tracer.Begin(request.TraceParent)
	request.TraceParent = span.TraceParent(0)
	if !span.Sampled() {
		return func(error) {}
	}
	traced := model.TracedRun{
		ExecutionID: request.ID, Tenant: request.Tenant, Function: f.Name, Version: f.Version, Trigger: request.Trigger,
		ParentID: request.ParentID, Repeats: request.Repeats,
	}
	return func(err error) {
		status, errorType := model.StatusPending, ""
		if err != nil {
			status, errorType = model.StatusFailed, string(model.CodeInternal)
			var coded *model.Error
			if errors.As(err, &coded) {
				errorType = string(coded.Code)
			}
		}
		traced.TracedEnd = model.TracedEnd{Started: now, Ended: time.Now(), Status: status, ErrorType: errorType}
		e.opts.Tracer.Accept(span, traced)
	}
}

// Traced reports whether there are traces.
func (e *Engine) Traced() bool { return e.opts.Tracer != nil }

// packTrace puts the traceparents of a queued run before what packRequest makes:
//
//	1 byte   2, with which none of the other forms begins
//	uvarint  n
//	n bytes  TraceParent, and Repeats behind a newline unless it is empty
func packTrace(request *RunRequest, packed []byte) []byte {
	traces := request.TraceParent
	if request.Repeats != "" {
		traces += "\n" + request.Repeats
	}
	if traces == "" {
		return packed
	}
	traced := append(make([]byte, 0, 1+binary.MaxVarintLen64+len(traces)+len(packed)), 2)
	traced = append(binary.AppendUvarint(traced, uint64(len(traces))), traces...)
	return append(traced, packed...)
}

// unpackTrace reads what packTrace has packed, and returns the rest.
func unpackTrace(packed []byte, into *RunRequest) (rest []byte, err error) {
	if len(packed) == 0 || packed[0] != 2 {
		return packed, nil
	}
	text, rest, ok := cutSized(packed[1:])
	if !ok {
		return nil, errUnpacked
	}
	into.TraceParent, into.Repeats, _ = strings.Cut(string(text), "\n")
	return rest, nil
}
