package model

import "time"

// Tracer makes the spans of distributed traces. Its methods may be called from
// any goroutine, and do not wait.
type Tracer interface {
	// Run starts the span of an attempt of a run.
	Run(run TracedRun) Span
	// Accept starts the span of storing an asynchronous run.
	Accept(run TracedRun) Span
}

// TracedRun describes a run to a Tracer.
type TracedRun struct {
	ExecutionID ID
	Tenant      string
	Function    string
	Version     int
	Trigger     Trigger
	Attempt     int
	Started     time.Time
	// ParentID is the execution that this one repeats, or that spawned it.
	ParentID     ID
	Asynchronous bool // it comes from the queue
	// Parent, Link and Repeats are traceparents as in W3C Trace Context, empty for
	// none. Link belongs to another trace, which led to this one; Repeats is the run
	// of ParentID.
	Parent, Link, Repeats string
}

// Span is a part of a trace.
type Span interface {
	// TraceParent refers to the span, for the work that it leads to.
	TraceParent() string
	// Sampled reports whether the span is sent to the collector.
	Sampled() bool
	// Step starts the span of a sibling call within this one.
	Step(id ID, function string, version int, started time.Time) Span
	// End ends the span; errorType is empty unless it has failed. It is called once.
	End(at time.Time, status Status, errorType string)
}
