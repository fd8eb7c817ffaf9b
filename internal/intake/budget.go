package intake

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// Budget is the memory for the bodies of all unknown callers. It is safe for
// concurrent use.
type Budget struct {
	room  *semaphore.Weighted
	bytes int64
	wait  time.Duration
}

// NewBudget makes a budget of bytes. A body without memory waits at most wait,
// unread.
func NewBudget(bytes int64, wait time.Duration) *Budget {
	return &Budget{room: semaphore.NewWeighted(bytes), bytes: bytes, wait: wait}
}

// Share is the part of a budget that one body holds. A nil *Share, for a known
// caller, holds nothing and is never refused. It belongs to one goroutine.
type Share struct {
	budget *Budget
	held   int64
}

// Share begins an empty share. Its owner must Release it.
func (b *Budget) Share() *Share { return &Share{budget: b} }

// bytes is the size of the share.
func (s *Share) bytes() int {
	if s == nil {
		return 0
	}
	return int(s.held)
}

// grow enlarges the share to a size in bytes, or returns ErrFull.
func (s *Share) grow(to int) error {
	if s == nil || int64(to) <= s.held {
		return nil
	}
	more := int64(to) - s.held
	if !s.budget.room.TryAcquire(more) {
		if int64(to) > s.budget.bytes {
			return ErrFull
		}
		ctx, cancel := context.WithTimeout(context.Background(), s.budget.wait)
		defer cancel()
		if s.budget.room.Acquire(ctx, more) != nil {
			return ErrFull
		}
	}
	s.held += more
	return nil
}

// Release returns the share to the budget. It may be called repeatedly, and on nil.
func (s *Share) Release() {
	if s == nil || s.held == 0 {
		return
	}
	s.budget.room.Release(s.held)
	s.held = 0
}
