package service

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Stack holds the parts that are to be stopped: the one started last stops first. The
// zero value is empty and ready.
type Stack struct {
	mu    sync.Mutex
	steps []step // guarded by mu
}

// step is how one part is stopped.
type step struct {
	part     string
	patience time.Duration
	stop     func(context.Context) error
}

// Push puts a part on top, which has been started. stop gets patience to end in;
// 0: it limits itself.
func (s *Stack) Push(part string, patience time.Duration, stop func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, step{part, patience, stop})
}

// PushAll moves what another stack holds on top of this one, in its order.
// Parts that start side by side have a stack each, so that they do not stop in
// the order in which they happened to be ready.
func (s *Stack) PushAll(other *Stack) {
	steps := other.take()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, steps...)
}

// Stop stops every part, the last one first, and empties the stack. A part
// that does not stop cleanly is reported, and the rest is stopped all the same.
func (s *Stack) Stop(report func(part string, err error)) {
	for _, step := range slices.Backward(s.take()) {
		if err := step.end(); err != nil {
			report(step.part, err)
		}
	}
}

func (s *step) end() error {
	if s.patience == 0 {
		return s.stop(context.Background())
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.patience)
	defer cancel()
	return s.stop(ctx)
}

func (s *Stack) take() []step {
	s.mu.Lock()
	defer s.mu.Unlock()
	steps := s.steps
	s.steps = nil
	return steps
}
