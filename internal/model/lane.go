package model

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"
)

// Program is a version of a function or of a module made ready to run by a Compiler. It never
// changes; the same pointer may be used by any number of calls.
type Program struct {
	Key       uint64 // of this program in this process, never reused, never 0
	Function  string
	Version   int
	Source    string   // the author's own text, for tracebacks
	Code      []byte   // the transformed code object, marshalled
	Async     bool     // async def
	Generator bool     // its def yields: what it returns is to be iterated, not awaited
	Imports   []string // the modules that the source imports, by the first part of their names; functions.NAME in full
}

// FunctionsPackage is the Python package of the functions' own modules.
const FunctionsPackage = "functions"

// AnyModule among a program's Imports says that it imports by names that only
// a run can tell.
const AnyModule = "*"

// Compiler makes programs. An *Error with CodeSyntaxError or CodeNoSuchDef
// names the fault in the source. No code of the source is run.
type Compiler interface {
	Compile(ctx context.Context, function string, version int, source string) (*Program, error)
	// CompileModule is Compile for a stored module, which need define nothing.
	CompileModule(ctx context.Context, name string, version int, source string) (*Program, error)
	// Inspect reads what a source that compiles leaves to be found when it runs.
	// siblings are the functions that can be called by name.
	Inspect(ctx context.Context, name, source string, siblings []string) (Inspection, error)
	// Hints reads the type hints of a function whose source compiles.
	Hints(ctx context.Context, function, source string) (Hints, error)
}

// Hints are the JSON Schemas that a function's type hints amount to; nil where
// they say nothing that can be checked.
type Hints struct {
	Input, Output json.RawMessage
}

// AnySecret stands among the secrets that a source reads for those whose names it
// computes. No secret has this name.
const AnySecret = "*"

// Inspection is what a source leaves to be found when it runs.
type Inspection struct {
	Uses     []string     // names that it uses and binds nowhere, sorted
	Imports  []string     // modules that it imports, the standard library's aside, sorted
	Secrets  []string     // names of the secrets that it reads by a constant name, sorted; AnySecret too if it computes names
	Unknown  []ImportSite // where it does so without being prepared for a failure
	Warnings []Warning    // of Python's compiler, and of undefined names
}

// ImportSite is where a module is imported.
type ImportSite struct {
	Module string `json:"module"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Warning is what an author may want to mend in a source that was saved.
type Warning struct {
	Line       int    `json:"line"`
	Column     int    `json:"column"` // 1-based, in characters; 0: not known
	Message    string `json:"message"`
	Suggestion string `json:"suggestion"` // a name that was perhaps meant; may be empty
}

// Lane is the place where a subtenant's functions run. What a caller observes
// is the same in every lane.
type Lane interface {
	Compiler
	// Call runs one outer call until the first of its end, its deadline and the
	// end of ctx, and then returns at once, even if the Python code goes on: at
	// the deadline the outcome is a Failure of FailureTimeout, at the
	// end of ctx one of FailureCancelled. A returned error means that the call
	// was not started (an *Error with CodeTooManyRequests or CodeUnavailable).
	Call(ctx context.Context, call Call) (Outcome, error)
	// Changed tells the lane that a subtenant's functions, modules or packages have
	// changed. The numbers of one subtenant grow. It returns at once: what a call finds
	// that begins after that is the new state.
	Changed(tenant string, number uint64)
	// Forget tells the lane that a subtenant was deleted. It returns at once.
	Forget(tenant string)
}

// Call is one outer call.
type Call struct {
	Tenant   string
	Lane     LaneName // LaneEmbedded, as when it is empty, or LaneProcess
	Program  *Program
	Input    json.RawMessage
	Request  bool // Input has the shape of a request: its "headers" are looked up in any case
	Deadline time.Time
	// Patient is for an asynchronous call. It takes Deadline's place: the call waits
	// for a thread for as long as it takes.
	Patient *Patient
	Host    Host
	// Packages are those that the call must find. It may run with newer ones,
	// when the lane was told of some meanwhile, and never with older ones.
	Packages SitePackages
	// Stream says that the caller takes what a generator yields while it runs: after the
	// first piece that Host.Emit takes, Lane.Call returns an Outcome with Rest.
	Stream bool
	// Ticket gets the lane's number of the call, by which the marker of a crash names
	// it. Nil: it is not wanted.
	Ticket *atomic.Uint64
}

// Patient says how an asynchronous call is done.
type Patient struct {
	Limit time.Duration // that it has from when it begins
	// Begin is called before anything of it is run, with its deadline. When it
	// returns false nothing is, and the call ends with an error.
	Begin func(deadline time.Time) bool
}

// Outcome is the end of a call: a result, or a Failure.
type Outcome struct {
	Output   json.RawMessage // JSON; nil when Failure is set
	Response *Response       // set when the function returned a maestro.Response; Output then is its JSON form
	Bytes    bool            // the answer's body is bytes, in Output as base64: the whole, or the member "body" of what describes an answer
	Failure  *Failure
	Omitted  Omission // lines that were left out of the log at the end
	// Rest is set when the call goes on as a stream, and nothing else then. It waits for
	// the outcome, as Lane.Call would; it is to be called once.
	Rest func() (Outcome, error)
}

// Response is what a function returns to shape the HTTP answer itself.
type Response struct {
	StatusCode int             `json:"status_code"`
	Headers    ResponseHeaders `json:"headers,omitempty"`
	Body       json.RawMessage `json:"body,omitempty"`
}

// HTTPRequest is a request as it came.
type HTTPRequest struct {
	Method  string
	URL     string          // what the sender asked for, byte for byte
	Headers json.RawMessage // an object of texts, in the sender's spelling; of ours no token is in it
	Body    []byte          // as it was sent: still compressed where it was
}

// FailureKind is the broad class of a failure.
type FailureKind uint8

// The kinds.
const (
	FailureException FailureKind = iota + 1 // the function raised
	FailureTimeout                          // it ran past its deadline
	FailureCancelled                        // it was cancelled
	FailureInput                            // the input does not fit the schema
	FailureOutput                           // the output does not fit the schema, or is no JSON value
	FailureEngine                           // a fault of the server
	FailureStopped                          // its server was stopped
	FailureProcess                          // the process of its lane ended that ran it
)

// Failure says how a call or a step failed. All texts may hold anything that
// Python code can put into them; code that stores them sanitises them.
type Failure struct {
	Kind      FailureKind
	Type      string   // the exception's class, e.g. "ValueError"
	Classes   []string // names of that class and its bases, plain and with their modules; of a call only, not of a step
	Message   string   // str(exception)
	Traceback string   // as Python prints it, the author's own frames only
	Problems  []Problem
	Crash     *Crash // set by the lane, when it was the code of this call that has ended the process
}

// Crash describes code that has ended its process.
type Crash struct {
	Versions []NamedVersion // of stored code that was running, the innermost first
	Cause    string         // for people, such as the name of the signal
}

// NamedVersion is one version of a function or module of that name.
type NamedVersion struct {
	Name   string
	Number int
}

// StepRef names one call within an execution: 0 is the execution's own
// function, 1 and up are its steps in the order in which they began.
type StepRef uint32

// Host is what a running call asks of the engine. Its methods may be called
// from many threads at once, also after the call has returned to its caller
// (a thread that the function left behind); they then answer with a Raise of
// RaiseEnded. They must not block for long: a Python thread waits in them.
type Host interface {
	Services
	// BeginStep starts a sibling call. A nil Raise means: run Begun.Program,
	// and EndStep follows. input is owned by the callee.
	BeginStep(parent StepRef, name string, input []byte) (Begun, *Raise)
	// EndStep ends a step: with its output (owned by the callee) or its
	// failure. A Raise (the output does not fit the schema) arrives in the
	// calling function as an exception.
	EndStep(step StepRef, output []byte, failure *Failure) *Raise
	// Lookup resolves a sibling without calling it: an async sibling's
	// coroutine is made before its step begins.
	Lookup(name string) (*Program, *Raise)
	// Module returns the subtenant's stored module of that name, or neither when
	// there is none.
	Module(name string) (*Program, *Raise)
	// Siblings returns the names that can be called at present, and a number
	// that changes whenever they do. The slice is shared: read only.
	Siblings() (names []string, generation uint64)
	// Generation returns the number alone; it is asked at every call.
	Generation() uint64
	// Log takes one line of output.
	Log(step StepRef, line LogLine)
	// Secret returns the value of one of the subtenant's secrets to the function of a step,
	// as SecretSource does.
	Secret(step StepRef, name string) (string, *Raise)
	// Info answers maestro.context().
	Info(step StepRef) CallInfo
}

// Begun is the answer to BeginStep.
type Begun struct {
	Step    StepRef
	Program *Program
}

// Raise tells the lane which Python exception to raise in the calling
// function.
type Raise struct {
	Kind     RaiseKind
	Message  string
	Name     string // of the sibling, for RaiseName; of the secret, for RaiseSecret
	Problems []Problem
}

// RaiseKind says which exception class a Raise stands for.
type RaiseKind uint8

// The kinds.
const (
	RaiseName      RaiseKind = iota + 1 // NameError: no function has that name
	RaiseRecursion                      // RecursionError: too deep
	RaiseInput                          // maestro.InputInvalid, a ValueError
	RaiseOutput                         // maestro.OutputInvalid, a ValueError
	RaiseEnded                          // RuntimeError: the execution is over
	RaiseEngine                         // RuntimeError: a fault of the server
	RaiseSecret                         // maestro.SecretNotFound, a KeyError: it is not stored
)

// LogLine is one line that a function printed or logged.
type LogLine struct {
	Time   time.Time
	Stream string          // "stdout" or "stderr"; empty for logging
	Level  string          // "debug" … "critical"; empty for print
	Text   string          // without the line's end
	Fields json.RawMessage // an object, or nil
}

// CallInfo is what maestro.context() shows.
type CallInfo struct {
	ExecutionID ID        `json:"execution_id"`
	StepID      ID        `json:"step_id,omitzero"`
	Function    string    `json:"function"`
	Version     int       `json:"version"`
	Subtenant   string    `json:"subtenant"`
	Trigger     Trigger   `json:"trigger_type"`
	Attempt     int       `json:"attempt"`
	Deadline    time.Time `json:"deadline"`
	TraceParent string    `json:"traceparent,omitempty"` // of the running span; empty without tracing
}
