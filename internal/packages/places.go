package packages

import (
	"context"
	"time"
)

// places bound the installs, or builds, that run on this server. A slow one (a
// slow index, a large download) leaves its place to the others and continues
// outside it, so that no subtenant waits for another's slow install; the
// number outside is bounded too.
type places struct {
	quick chan struct{} // a value for each that has a place
	slow  chan struct{} // a value for each that continues outside
	after time.Duration // how long a place is kept
}

// slowPerPlace is how many may continue outside for each place.
const slowPerPlace = 4

func newPlaces(most int, after time.Duration) *places {
	return &places{quick: make(chan struct{}, most), slow: make(chan struct{}, most*slowPerPlace), after: after}
}

// take waits for a place. waits is called if there is none immediately. The
// caller must call the returned function at the end.
func (p *places) take(ctx context.Context, waits func()) (func(), error) {
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

// hold keeps a place, or leaves it after some time, until over is closed.
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
