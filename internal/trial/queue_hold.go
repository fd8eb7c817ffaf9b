package trial

import (
	"context"
	"sync"

	"maestro/internal/engine"
	"maestro/internal/model"
)

// queue holds the asynchronous runs that functions have spawned, until a test takes them.
type queue struct {
	mu   sync.Mutex // guards runs
	runs []model.QueuedRun
}

var _ engine.Queue = (*queue)(nil)

// Enqueue implements engine.Queue.
func (q *queue) Enqueue(_ context.Context, run model.QueuedRun) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.runs = append(q.runs, run)
	return nil
}

// Count implements engine.Queue.
func (q *queue) Count(context.Context, string, int) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.runs), nil
}

// Cancel implements engine.Queue.
func (q *queue) Cancel(context.Context, string, model.ID) (*model.Execution, error) { return nil, nil }

// Wake implements engine.Queue.
func (q *queue) Wake() {}

// take takes all runs.
func (q *queue) take() []model.QueuedRun {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.runs
	q.runs = nil
	return all
}

// all are those that wait.
func (q *queue) all() []model.QueuedRun {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]model.QueuedRun(nil), q.runs...)
}

// plain is the engine.Seal of a process that stores nothing.
type plain struct{}

// Seal implements engine.Seal.
func (plain) Seal(_, _ string, text []byte) []byte { return text }

// Open implements engine.Seal.
func (plain) Open(_, _ string, sealed []byte) ([]byte, error) { return sealed, nil }
