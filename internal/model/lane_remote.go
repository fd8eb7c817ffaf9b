package model

import (
	"encoding/json"
	"time"
)

// RemoteHost is a call's Host for a lane whose child processes do the engine's half of
// a call tree themselves (internal/calltree): a child resolves the siblings, numbers,
// bounds, validates and times the steps, and reports them to these methods in order.
// Every Host of the engine is one. The methods may be called from any goroutine;
// StepBegan, StepEnded and Line for one call by one goroutine at a time.
//
// A child is not trusted. An error of StepBegan, StepEnded or Line means that no
// honest child reports that: its calls end, and it is killed. The steps reported before
// remain a tree, and are recorded.
type RemoteHost interface {
	Services
	SecretSource
	Resolver
	// Frame describes the run. It is read when the call begins: of an asynchronous
	// call, after Patient.Begin.
	Frame() RunFrame
	// StepBegan records the beginning of a step.
	StepBegan(began StepBegan) error
	// StepEnded records its end. It does not wait, unless the child has not asked for
	// HandOver when it should have.
	StepEnded(ended StepEnded) error
	// Line takes a line of output, like Host.Log.
	Line(step StepRef, line LogLine) error
}

// Services are what a running call asks of the engine beside its steps.
type Services interface {
	// Request returns the HTTP request by which the execution was asked for; nil
	// when there was none. The caller must not change it.
	Request() (*HTTPRequest, *Raise)
	// Emit takes a piece of what the call's generator yields. With wait it may take until
	// there is room for more; the value is owned by the callee.
	Emit(piece Emitted, wait bool) EmitState
	// Spawn queues an asynchronous run, not before delay is over, and
	// returns the id of its execution once it is stored. input is owned by the
	// callee.
	Spawn(name string, input []byte, delay time.Duration) (ID, *Raise)
}

// SecretSource has the subtenant's secrets.
type SecretSource interface {
	// SecretFor returns the value of a secret to the function by, or a Raise of
	// RaiseSecret when there is none of that name. The value is masked in all
	// that is recorded from then on.
	SecretFor(by, name string) (string, *Raise)
}

// Resolver answers the questions of a call tree: mostly which functions names stand for.
type Resolver interface {
	// Resolve finds a function that can be called now.
	Resolve(name string) (Resolved, *Raise)
	// ResolveModule finds a stored module. Without a program there is none of that
	// name.
	ResolveModule(name string) (Resolved, *Raise)
	// ResolveNames returns the names that can be called.
	ResolveNames() ResolvedNames
	// HandOver has the steps recorded that have ended. It waits while the run is ahead
	// of the database, at most until the run's deadline. A child asks for it after so
	// many steps, and makes none until it is answered.
	HandOver()
}

// RunFrame is what a child must know of a run beside its Call.
type RunFrame struct {
	ExecutionID ID
	Subtenant   string
	Trigger     Trigger
	Attempt     int
	Deadline    time.Time
	MaxSteps    int    // MAX_STEPS
	Span        Span   // of the run, of which a child does not get the parent; zero when it is not traced
	Stream      bool   // as in Call.Stream
	Generation  uint64 // of the names that can be called, as in Host.Siblings; 0: not known now
	// Changes is the newest number of Lane.Changed. Names resolved as of a
	// smaller one are resolved again.
	Changes uint64
}

// Resolved is what a name stands for: a program, and the schemas of the function.
// The same Key of a program always comes with the same schemas.
type Resolved struct {
	Program       *Program
	Input, Output json.RawMessage // JSON Schemas; nil: any value fits
	// AsOf is the number of changes that this includes: it holds until Lane.Changed
	// names a greater one.
	AsOf uint64
	// OfRun says that it holds for this run only.
	OfRun bool
}

// ResolvedNames are the names that can be called, as in Host.Siblings.
type ResolvedNames struct {
	Names      []string
	Generation uint64 // 0: they are not known now
	AsOf       uint64 // as in Resolved
}

// StepBegan says that a step has begun in a child.
type StepBegan struct {
	Step     StepRef // the one after the last that was reported
	Parent   StepRef
	Function string
	Version  int
	Started  time.Time // by the child's clock
	Input    []byte    // JSON; owned by the callee
}

// StepEnded says that a step has ended in a child.
type StepEnded struct {
	Step     StepRef
	Duration time.Duration
	Output   []byte   // JSON, owned by the callee; nil with a failure
	Failure  *Failure // nil: it has completed
	Late     bool     // the run's deadline ended the validation of its input or output
}
