package model

import "time"

// RunMeter counts the runs of one function. Its methods neither wait nor
// allocate, and may be called from any goroutine.
type RunMeter interface {
	// Ended counts an attempt that has ended; retried says that another one follows.
	Ended(trigger Trigger, status Status, took time.Duration, retried bool)
	// Unbegun counts an execution that ended while it waited, without an attempt.
	Unbegun(trigger Trigger, status Status)
	// Settled counts an attempt whose server died, and which has no duration; with the
	// status pending another one follows.
	Settled(trigger Trigger, status Status)
	// Accepted counts an asynchronous run that was stored.
	Accepted(trigger Trigger)
	// Waited counts an asynchronous run that begins, so long after it was due.
	Waited(trigger Trigger, wait time.Duration)
	// StepEnded counts a sibling call.
	StepEnded(status Status)
}

// NoMeter is a RunMeter that counts nothing.
type NoMeter struct{}

// Ended implements RunMeter.
func (NoMeter) Ended(Trigger, Status, time.Duration, bool) {}

// Unbegun implements RunMeter.
func (NoMeter) Unbegun(Trigger, Status) {}

// Settled implements RunMeter.
func (NoMeter) Settled(Trigger, Status) {}

// Accepted implements RunMeter.
func (NoMeter) Accepted(Trigger) {}

// Waited implements RunMeter.
func (NoMeter) Waited(Trigger, time.Duration) {}

// StepEnded implements RunMeter.
func (NoMeter) StepEnded(Status) {}
