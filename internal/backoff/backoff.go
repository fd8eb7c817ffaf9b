// Package backoff determines the pauses between the attempts of a failing
// operation: each is twice the one before, up to a longest.
//
// It must not decide which failures are retried, and never logs.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff is the series of pauses of one loop. It belongs to one goroutine.
type Backoff struct {
	First, Longest time.Duration // of the pauses; needed
	Factor         float64       // by which they grow; 0: 2

	next time.Duration // 0: First
}

// Next returns the coming pause in full, and makes the one after it longer.
func (b *Backoff) Next() time.Duration {
	pause := max(b.next, b.First)
	factor := b.Factor
	if factor == 0 {
		factor = 2
	}
	b.next = min(time.Duration(float64(pause)*factor), b.Longest)
	return pause
}

// Wait sleeps for the coming pause, less a random part of it, so that servers
// that failed together do not come back together. It reports false as soon as ctx
// is over.
func (b *Backoff) Wait(ctx context.Context) bool { return Sleep(ctx, Jitter(b.Next())) }

// Reset makes the coming pause the first again: an attempt has succeeded.
func (b *Backoff) Reset() { b.next = 0 }

// Jitter returns a random duration from half of d up to d.
func Jitter(d time.Duration) time.Duration {
	if d < 2 {
		return d
	}
	return d/2 + rand.N(d-d/2)
}

// Sleep pauses for d. It reports false as soon as ctx is over.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
