package engine

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"maestro/internal/model"
)

// startSpan starts the span of an attempt. An asynchronous run begins a trace of its
// own, since its caller's may have ended long ago; the two are linked.
func (r *run) startSpan() {
	if r.engine.opts.Tracer == nil {
		return
	}
	traced := model.TracedRun{
		ExecutionID: r.id, Tenant: r.request.Tenant, Function: r.function.Name, Version: r.function.Version,
		Trigger: r.request.Trigger, Attempt: r.attempt, Started: r.started, ParentID: r.request.ParentID,
		Asynchronous: r.asynchronous(),
	}
	if r.asynchronous() {
		traced.Link, traced.Repeats = r.request.TraceParent, r.request.Repeats
	} else {
		traced.Parent = r.request.TraceParent
	}
	r.span = r.engine.opts.Tracer.Run(traced)
}

// endSpan ends it as the run is recorded.
func (r *run) endSpan(ended *model.Execution) {
	if r.span != nil {
		r.span.End(ended.CompletedAt, ended.Status, deref(ended.ErrorType))
	}
}

// traced refers to the span, for retries and readers of the record.
func (r *run) traced() string {
	if r.span == nil || !r.span.Sampled() {
		return ""
	}
	return r.span.TraceParent()
}

// spanOf is the span in which the code of ref runs, or nil. The caller holds mu.
func (r *run) spanOf(ref model.StepRef) model.Span {
	if s := r.step(ref); s != nil && s.span != nil {
		return s.span
	}
	return r.span
}

// traceParent refers to that span. The caller holds mu.
func (r *run) traceParent(ref model.StepRef) string {
	if span := r.spanOf(ref); span != nil {
		return span.TraceParent()
	}
	return ""
}

// spanParent refers to the span of the whole run.
func (r *run) spanParent() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.traceParent(0)
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
	span := e.opts.Tracer.Accept(model.TracedRun{
		ExecutionID: request.ID, Tenant: request.Tenant, Function: f.Name, Version: f.Version, Trigger: request.Trigger,
		Started: now, Parent: request.TraceParent, ParentID: request.ParentID, Repeats: request.Repeats,
	})
	request.TraceParent = span.TraceParent()
	return func(err error) {
		status, errorType := model.StatusPending, ""
		if err != nil {
			status, errorType = model.StatusFailed, string(model.CodeInternal)
			var coded *model.Error
			if errors.As(err, &coded) {
				errorType = string(coded.Code)
			}
		}
		span.End(time.Now(), status, errorType)
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
