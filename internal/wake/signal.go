// Package wake tells a goroutine that there is something to do, however often
// it is told before it looks.
//
// It must not carry what there is to do: the goroutine looks for itself.
package wake

// Signal is received from by the goroutine that is to be woken, as from any
// channel. It holds one notification at most. Make it with New.
type Signal chan struct{}

// New makes a signal.
func New() Signal { return make(Signal, 1) }

// Notify wakes the receiver, or has its next receive return at once. It never
// blocks, and may be called by any goroutine.
func (s Signal) Notify() {
	select {
	case s <- struct{}{}:
	default: // it is notified already
	}
}
