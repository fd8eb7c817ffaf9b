package model

import (
	"encoding/binary"
	"encoding/hex"
	"time"
)

// Tracer takes the spans of distributed traces. A span is a value until it ends, and
// is taken as a whole then. Its methods may be called from any goroutine, and wait for
// no collector; Run, Accept and Step are for spans that are sampled.
type Tracer interface {
	// Begin gives a run, or the storing of one, its span: in the trace of parent, a
	// traceparent as in W3C Trace Context, or in a trace of its own if parent is empty
	// or invalid.
	Begin(parent string) Span
	// Run takes the span of an attempt of a run, which has ended.
	Run(span Span, run TracedRun)
	// Accept takes the span of storing an asynchronous run.
	Accept(span Span, run TracedRun)
	// Step takes the span of a sibling call that has ended within the run of span.
	Step(span Span, step TracedStep)
}

// TracedRun describes a run to a Tracer, and how it has ended.
type TracedRun struct {
	ExecutionID ID
	Tenant      string
	Function    string
	Version     int
	Trigger     Trigger
	Attempt     int
	// ParentID is the execution that this one repeats, or that spawned it.
	ParentID     ID
	Asynchronous bool // it comes from the queue
	// Link and Repeats are traceparents, empty for none. Link belongs to another
	// trace, which led to this one; Repeats is the run of ParentID.
	Link, Repeats string
	TracedEnd
}

// TracedStep describes a step to a Tracer, and how it has ended.
type TracedStep struct {
	ID       ID
	Step     StepRef
	Parent   StepRef // 0: the run itself has called it
	Function string
	Version  int
	TracedEnd
}

// TracedEnd is when a span began, and when and how it ended.
type TracedEnd struct {
	Started, Ended time.Time
	Status         Status
	ErrorType      string // empty unless it has failed
}

// Span identifies the span of a run, and through it those of its steps. The zero value
// is that of a run which is not traced.
type Span struct {
	Trace  [16]byte
	ID     [8]byte
	Parent [8]byte // the caller's span; zero: it begins a trace
	Flags  byte    // as in W3C Trace Context
}

// FlagSampled is the flag of spans that are sent to the collector.
const FlagSampled = 1

// Sampled reports whether the span is sent to the collector.
func (s *Span) Sampled() bool { return s.Flags&FlagSampled != 0 }

// Traced reports whether there is a span, be it sampled or not.
func (s *Span) Traced() bool { return s.ID != [8]byte{} }

// Of is the id of a step's span; that of the run for 0. It is made from the id of the
// run's span, so that steps need no memory for it. The steps of a run all have
// different ones: the mixing of the sum can be undone (it is the end of SplitMix64).
func (s *Span) Of(step StepRef) [8]byte {
	if step == 0 {
		return s.ID
	}
	x := binary.BigEndian.Uint64(s.ID[:]) + uint64(step)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	if x == 0 { // no id; it comes from the sum 0 alone
		x = 1
	}
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], x)
	return id
}

// TraceParent refers to the span of a step, or of the run for 0, for the work that it
// leads to; empty without a span.
func (s *Span) TraceParent(step StepRef) string {
	if !s.Traced() {
		return ""
	}
	var text [55]byte
	copy(text[:], "00-")
	hex.Encode(text[3:35], s.Trace[:])
	text[35] = '-'
	id := s.Of(step)
	hex.Encode(text[36:52], id[:])
	copy(text[52:], "-00")
	text[54] += s.Flags & FlagSampled
	return string(text[:])
}
