package model

import "time"

// QueuedRun is an asynchronous run: its execution is pending until a server runs
// it.
type QueuedRun struct {
	Execution Execution     // as it is recorded: its input masked, and cut when it is long
	Input     []byte        // whole, sealed
	Request   bool          // the input has the shape of a request
	Priority  int           // 1, the first to be run, to 4
	Delay     time.Duration // from when it is stored; 0: at once
	Policy    *RetryPolicy
	Chain     int       // how many spawned runs lead to it
	Claim     int64     // the number by which its server has it; 0 while it waits
	Due       time.Time // when it could begin, by the database's clock; zero while it waits
	Cancelled bool      // its cancel was requested: it is not to begin
}

// The priorities.
const (
	PriorityFirst   = 1
	PriorityDefault = 2
	PriorityLast    = 4
)

// QueuedEnd is what a Record holds beside its execution when that was queued.
type QueuedEnd struct {
	Claim   int64         // a record is refused whose run has another claim by now, or none
	Retry   bool          // this attempt has ended, the execution has not
	RetryIn time.Duration // until the next attempt
}
