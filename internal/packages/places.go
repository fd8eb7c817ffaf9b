package packages

import (
	"context"
	"time"
)

// places bound the installs, or builds, that are at work on this server. One that
// takes long (an index that is slow, a large download) gives its place to the
// others and goes on beside them, so that no subtenant waits for another's slow
// install; those that go on beside are bounded too.
type places struct {
	quick chan struct{} // a value for each in a place
	slow  chan struct{} // a value for each that goes on beside
	after time.Duration // how long a place is kept
}

// slowPerPlace is how many may go on beside for each place.
const slowPerPlace = 4

func newPlaces(most int, after time.Duration) *places {
	return &places{quick: make(chan struct{}, most), slow: make(chan struct{}, most*slowPerPlace), after: after}
}

// take waits for a place. waits is called when there is none at once. The caller
// calls give when it has finished.
func (p *places) take(ctx context.Context, waits func()) (give func(), err error) {
	select {
	case p.quick <- struct{}{}:
	default:
		waits()
		select {
		case p.quick <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	over, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		p.hold(over)
	}()
	return func() { close(over); <-gone }, nil
}

// hold keeps a place, or goes on beside when that takes long, until over is
// closed.
func (p *places) hold(over <-chan struct{}) {
	long := time.NewTimer(p.after)
	defer long.Stop()
	select {
	case <-over:
		<-p.quick
		return
	case <-long.C:
	}
	select {
	case <-over:
		<-p.quick
	case p.slow <- struct{}{}:
		<-p.quick
		<-over
		<-p.slow
	}
}
