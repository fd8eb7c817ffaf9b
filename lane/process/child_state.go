package process

import "log/slog"

// childState is how far a child is. childMoves says which states may follow which;
// docs/internals.md shows the same table, and a test compares the two. It is guarded by
// tenant.mu.
type childState uint8

const (
	childStarting childState = iota // it can't be used yet
	childServing                    // it takes calls
	childLeaving                    // it takes none: it ends when those in it have ended
	childEnding                     // it was asked to end
	childGone                       // its process has ended, and its calls are over
)

var childStates = []string{"starting", "serving", "leaving", "ending", "gone"}

func (s childState) String() string { return childStates[s] }

var childMoves = [...][]childState{
	childStarting: {childServing},
	childServing:  {childLeaving},
	childLeaving:  {childEnding, childGone},
	childEnding:   {childGone},
	childGone:     nil,
}

// enter moves ch to another state. A move that the table does not have is a bug: it is
// reported, and made all the same. tenant.mu is held.
func (ch *child) enter(next childState) {
	legal := false
	for _, other := range childMoves[ch.state] {
		legal = legal || other == next
	}
	if !legal {
		ch.tenant.lane.opt.Log.Error("illegal change of state", slog.String("of", "child"), slog.String("from", ch.state.String()), slog.String("to", next.String()))
	}
	ch.state = next
}
