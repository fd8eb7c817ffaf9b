package engine

import (
	"slices"
	"time"

	"maestro/internal/events"
	"maestro/internal/model"
)

// runState is how far a run is. run.mu guards it, enter alone changes it, and
// runMoves says which states may follow which; docs/internals.md shows the same
// table with the reasons, and a test compares the two.
type runState uint8

const (
	runAccepted runState = iota // it waits for a thread, and nothing of it has run
	runRunning                  // its time has begun
	runNoted                    // it takes long: the recorder was told, and writes it as running
	runEnded                    // its record is made; nothing is added any more, and what still runs of it is left behind
	runReleased                 // an asynchronous run that was not begun here: it waits again, for any server
)

var runStates = []string{"accepted", "running", "noted", "ended", "released"}

func (s runState) String() string { return runStates[s] }

var runMoves = [...][]runState{
	runAccepted: {runRunning, runEnded, runReleased},
	runRunning:  {runNoted, runEnded},
	runNoted:    {runEnded},
	runEnded:    nil,
	runReleased: nil,
}

// over reports whether nothing follows s.
func (s runState) over() bool { return len(runMoves[s]) == 0 }

// begun reports whether the time of the run has begun.
func (s runState) begun() bool { return s == runRunning || s == runNoted }

// enter moves the run to a state that may follow its own, and reports whether it
// did. The caller holds mu.
func (r *run) enter(next runState) bool {
	if !slices.Contains(runMoves[r.state], next) {
		return false
	}
	r.state = next
	return true
}

// stopReason is why a run was asked for its end. Of several reasons the greatest
// counts: it decides what the run's record says and whether another attempt
// follows.
type stopReason uint8

const (
	notStopped       stopReason = iota
	subtenantDeleted            // there is no record to write
	serverStops                 // it has crashed, and the retry policy decides
	cancelRequested             // it is cancelled, and no other attempt follows
)

// stop asks the run for its end. It returns false when that comes too late: of an
// asynchronous run that is over, another attempt may follow by now.
func (r *run) stop(reason stopReason) (heeded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopping = max(r.stopping, reason)
	r.cancel()
	return !r.state.over() || !r.asynchronous()
}

// release has an asynchronous run that has not begun wait again, for another
// server.
func (r *run) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asynchronous() && r.state == runAccepted {
		r.stopping = max(r.stopping, serverStops)
		r.cancel()
	}
}

// released moves an asynchronous run that was not begun to its last state, and
// returns why it was not: err, which kept the lane from it, or that the server
// stops. Nil says that the run has an end to record: its own, or that of a
// cancel.
func (r *run) released(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && r.stopping == serverStops && r.state == runAccepted {
		err = stopping()
	}
	if err == nil || r.stopping == cancelRequested || !r.enter(runReleased) {
		return nil
	}
	return err
}

// begin notes that the run begins, until deadline, and reports whether it may: the
// server may want to stop by now.
func (r *run) begin(deadline time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.begun() {
		return true
	}
	if r.stopping == serverStops || !r.enter(runRunning) {
		return false
	}
	if r.asynchronous() {
		r.started = time.Now()
		r.startSpan()
		r.meter.Waited(r.request.Trigger, r.started.Sub(r.queued.Due))
		r.slot.Begin(r.started)
	}
	r.deadline = deadline
	r.publish(events.ExecutionStarted, model.ID{}, &r.function.Function, "", 0, "")
	r.longAfter = time.AfterFunc(r.engine.opts.RunningAfter, r.takesLong)
	return true
}

// takesLong is for a run that has taken so long that the database is to know of
// it, and of its steps.
func (r *run) takesLong() {
	r.noteRunning()
	r.partTime()
}

// noteRunning has the run written as running, unless that was done.
func (r *run) noteRunning() {
	r.mu.Lock()
	short := r.state == runRunning
	r.mu.Unlock()
	if !short {
		return
	}
	veil := r.veil()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.enter(runNoted) {
		return
	}
	execution := r.execution(veil)
	execution.Status = model.StatusRunning
	r.engine.opts.Recorder.Running(&execution)
}
