package embed

import (
	"time"

	"maestro/cpython"
)

// machine is the part of an interpreter that the host needs. A
// cpython.Interpreter is the real one; the tests of the scheduling have one without Python.
type machine interface {
	ID() uint64
	Call(cpython.CallArgs) cpython.CallResult
	Confine(policy *cpython.Policy, c cpython.Confinement) error
	Invoke(function string, arg []byte) ([]byte, *cpython.Exception)
	NewLoop(number uint64) (looper, error)
	Stop(ticket uint64, rung cpython.Rung) cpython.Met
	WakeSleeper(ticket uint64)
	Knock(ticket uint64)
	Park(ticket uint64, holder bool)
	Cut()
	Parked() int
	Unpark()
	LeftUsed() time.Duration
	JudgeLeft(left, own cpython.Budget) cpython.LeftFound
	KnockLeft()
	FinishChildren(ticket uint64)
	ChargeChildren(idle bool, passed time.Duration, left, own cpython.Budget) (there bool, killed int, used time.Duration)
	Running(ticket uint64) bool
	Memory() int64
	AnnounceEnd()
	DropThread()
	LeaveThread()
	End()
	SetOwner(name string)
}

// machines makes interpreters, on locked threads.
type machines struct {
	load     func(Options) error     // once, before all else
	tenant   func() (machine, error) // for a subtenant's functions
	compiler func() (machine, error) // for compiling only
	trim     func()                  // returns freed memory to the system

	total      func() int64            // bytes that all of them hold
	budget     func(bytes int64) error // bounds that, before what follows
	awaitAlarm func()                  // returns when the budget is nearly used
	endAlarm   func()                  // makes awaitAlarm return
	hopeless   func(bool)              // says whether nothing could be ended
	probe      func()                  // returns unless a parked thread holds a lock that all interpreters share
}
