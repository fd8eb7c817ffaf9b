package embed

import "fmt"

// The three state machines of this package. The tables say which states may
// follow which; docs/internals.md shows the same tables with the reasons, and
// a test compares the two. All states are guarded by Host.mu.

// moves is such a table: moves[from] has bit to set when to may follow from.
type moves [8]uint8

func bits[S ~uint8](states ...S) uint8 {
	var set uint8
	for _, s := range states {
		set |= 1 << s
	}
	return set
}

type callState uint8

const (
	callQueued   callState = iota // waits for a thread
	callRunning                   // a thread is in Python for it
	callStopping                  // its caller has been answered; Python continues and is being stopped
	callStuck                     // every escalation has failed; its thread and interpreter are abandoned
	callEnded                     // its thread has left it; Python threads that it started may remain
)

var callStates = []string{"queued", "running", "stopping", "stuck", "ended"}

func (s callState) String() string { return callStates[s] }

var callMoves = moves{
	callQueued:   bits(callRunning, callEnded),
	callRunning:  bits(callStopping, callEnded),
	callStopping: bits(callStuck, callEnded),
	callStuck:    bits(callEnded),
}

type workerState uint8

const (
	workerIdle    workerState = iota // parked, on the idle stack
	workerBusy                       // in a call, or dropping thread states
	workerStuck                      // in a call that could not be stopped; no longer counted in the pool
	workerLeaving                    // leaves its thread states to others; then its thread ends
	workerGone                       // its thread has ended
)

var workerStates = []string{"idle", "busy", "stuck", "leaving", "gone"}

func (s workerState) String() string { return workerStates[s] }

var workerMoves = moves{
	workerIdle:    bits(workerBusy),
	workerBusy:    bits(workerIdle, workerStuck, workerLeaving),
	workerStuck:   bits(workerLeaving),
	workerLeaving: bits(workerGone),
}

type interpreterState uint8

const (
	interpreterWarm      interpreterState = iota // ready, not assigned to a subtenant yet
	interpreterServing                           // assigned to a subtenant; takes calls
	interpreterSuspect                           // a call in it is being stopped and no thread has attached since: new calls wait
	interpreterRetiring                          // a stop was raised in it, or its packages are outdated: takes no new call, ended when its last call has left
	interpreterAbandoned                         // something in it cannot be stopped: takes no new call, ended when its last call has left
	interpreterEnding                            // idle threads drop their states for it, then it is ended
	interpreterEnded                             // it no longer exists
	interpreterLeaked                            // ending it overran its time
)

var interpreterStates = []string{"warm", "serving", "suspect", "retiring", "abandoned", "ending", "ended", "leaked"}

func (s interpreterState) String() string { return interpreterStates[s] }

var interpreterMoves = moves{
	interpreterWarm:      bits(interpreterServing, interpreterEnding),
	interpreterServing:   bits(interpreterSuspect, interpreterRetiring, interpreterAbandoned),
	interpreterSuspect:   bits(interpreterServing, interpreterRetiring, interpreterAbandoned),
	interpreterRetiring:  bits(interpreterAbandoned, interpreterEnding),
	interpreterAbandoned: bits(interpreterEnding),
	interpreterEnding:    bits(interpreterEnded, interpreterLeaked),
	interpreterLeaked:    bits(interpreterEnded),
}

// change makes a move. One that the table does not have is a bug: it is
// reported and made all the same, because the threads are in the new state
// already.
func change[S interface {
	~uint8
	fmt.Stringer
}](h *Host, table *moves, state *S, to S) {
	if table[*state]&(1<<to) == 0 {
		h.illegal(fmt.Sprintf("%T", to), (*state).String(), to.String())
	}
	*state = to
}
