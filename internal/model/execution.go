package model

import (
	"encoding/json"
	"time"
)

// Trigger says what started an execution.
type Trigger string

// The triggers.
const (
	TriggerWebhook  Trigger = "webhook"
	TriggerSchedule Trigger = "schedule"
	TriggerManual   Trigger = "manual"
	TriggerRetry    Trigger = "retry"
	TriggerSpawn    Trigger = "spawn"
	TriggerAlert    Trigger = "alert" // a message about another function
)

// Status is the state of an execution or of a step.
type Status string

// The states. An asynchronous run is pending first, and each run is running once it
// has taken 250 ms: a short asynchronous run goes from pending to its last state,
// and a short synchronous one is written in its last state alone. docs/internals.md has the table;
// tests hold it and the database against MayFollow.
const (
	StatusPending   Status = "pending"
	StatusRunning   Status = "running"
	StatusCompleted Status = "completed"
	StatusFailed    Status = "failed"
	StatusTimedOut  Status = "timed_out"
	StatusCancelled Status = "cancelled"
	StatusCrashed   Status = "crashed"
)

// Statuses lists every status in the order of a run's life.
var Statuses = []Status{
	StatusPending, StatusRunning, StatusCompleted, StatusFailed, StatusTimedOut, StatusCancelled, StatusCrashed,
}

// Final reports whether nothing follows s, automatic retries aside.
func (s Status) Final() bool { return s != StatusPending && s != StatusRunning }

// Failure reports whether the execution has ended badly, at no caller's request.
func (s Status) Failure() bool {
	return s == StatusFailed || s == StatusTimedOut || s == StatusCrashed
}

// MayFollow lists the states that may come after s.
func (s Status) MayFollow() []Status {
	switch s {
	case StatusPending:
		return Statuses // pending: the attempt was short, and another one follows
	case StatusRunning:
		return append([]Status{StatusPending}, Statuses[2:]...) // pending: another attempt follows
	default:
		return nil
	}
}

// Execution is one run: the root of a tree of steps.
type Execution struct {
	ID              ID
	Tenant          string
	FunctionName    string
	FunctionVersion int
	Trigger         Trigger
	TriggerID       ID // of the webhook or schedule; zero when there is none
	Status          Status
	Input           json.RawMessage
	Output          json.RawMessage // nil unless completed
	Error           *string
	ErrorType       *string
	Traceback       *string
	CreatedAt       time.Time
	StartedAt       time.Time
	CompletedAt     time.Time // zero while it runs
	Duration        time.Duration
	Attempt         int
	ParentID        ID
	Lane            LaneName // empty: it has not begun
	TraceParent     string   `json:",omitempty"` // of the span of its last attempt; empty: it is not in the traces
	RecordComplete  bool     // false when something was cut or masked in the record
	InputComplete   bool     // false when that was done to the input; always true with RecordComplete

	// The starts of Input and Error in a list without these; empty also where there is none.
	InputHead, ErrorHead string `json:",omitempty"`
}

// Step is one sibling call within an execution.
type Step struct {
	ID              ID
	ExecutionID     ID
	ParentID        ID  // zero: called by the execution's own function
	Depth           int // 1 for a direct call of the execution's function
	Position        int // 1-based, in start order within the execution and attempt
	Attempt         int
	FunctionName    string
	FunctionVersion int
	Status          Status
	Input           json.RawMessage
	Output          json.RawMessage
	Error           *string
	ErrorType       *string
	Traceback       *string
	StartedAt       time.Time
	CompletedAt     time.Time // zero while it runs
	Duration        time.Duration
	RecordComplete  bool
}

// Record is what the recorder writes at the end of a run, or before that of its
// steps.
type Record struct {
	Execution Execution
	Steps     []Step
	Queued    *QueuedEnd `json:",omitempty"` // nil: the run was synchronous
	// StepsOnly says that the run goes on: of Execution only ID and Tenant are set,
	// and it is not written.
	StepsOnly bool `json:",omitempty"`
	// Known says that some of the steps may have a row, as running.
	Known bool `json:",omitempty"`
	// Unwatched says that no message is wanted should the execution have failed, so that
	// the database need not be asked.
	Unwatched bool `json:",omitempty"`
}
