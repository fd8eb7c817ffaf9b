package queue

import (
	"context"

	"maestro/internal/model"
)

// Enqueue stores a run and returns after the commit.
func (q *Queue) Enqueue(ctx context.Context, run model.QueuedRun) error {
	if err := q.opts.DB.Enqueue(ctx, nil, run); err != nil {
		return err
	}
	if run.Delay <= 0 {
		q.Wake()
	}
	return nil
}

// Cancel ends a run that waits. It returns nil when none with that id does.
func (q *Queue) Cancel(ctx context.Context, tenant string, id model.ID) (*model.Execution, error) {
	return q.opts.DB.CancelQueued(ctx, tenant, id)
}

// Count is how many runs of a subtenant wait, counted up to most.
func (q *Queue) Count(ctx context.Context, tenant string, most int) (int, error) {
	return q.opts.DB.QueuedCount(ctx, tenant, most)
}
