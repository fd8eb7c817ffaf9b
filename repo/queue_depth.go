package repo

import (
	"context"
	"time"
)

// QueueDepth is the runs in the queue of a function or subtenant.
type QueueDepth struct {
	Name                      string // of the function or subtenant
	Waiting, Delayed, Running int
	Oldest                    time.Duration // since the oldest waiting run was due; -1: none waits
	PausedAt                  *time.Time
	MaxConcurrency            *int // of a function
}

// QueueOf lists the functions of a subtenant that have runs in the queue, or are
// paused, by name.
func (d *DB) QueueOf(ctx context.Context, tenant string) ([]QueueDepth, error) {
	rows, err := d.catalog.ListQueueOfTenant(ctx, tenant)
	if err != nil {
		return nil, d.fail(err, "read the queue")
	}
	out := make([]QueueDepth, len(rows))
	for i, r := range rows {
		out[i] = QueueDepth{
			Name: r.FunctionName, Waiting: int(r.Waiting), Delayed: int(r.Delayed), Running: int(r.Running),
			Oldest: ageOf(r.OldestUs), PausedAt: r.PausedAt, MaxConcurrency: number(r.MaxConcurrency),
		}
	}
	return out, nil
}

// QueueOfAll lists the subtenants that have runs in the queue, or are paused, by id.
func (d *DB) QueueOfAll(ctx context.Context) ([]QueueDepth, error) {
	rows, err := d.catalog.ListQueueOfAll(ctx)
	if err != nil {
		return nil, d.fail(err, "read the queue")
	}
	out := make([]QueueDepth, len(rows))
	for i, r := range rows {
		out[i] = QueueDepth{
			Name: r.Tenant, Waiting: int(r.Waiting), Delayed: int(r.Delayed), Running: int(r.Running), Oldest: ageOf(r.OldestUs), PausedAt: r.PausedAt,
		}
	}
	return out, nil
}

func ageOf(microseconds int64) time.Duration {
	if microseconds < 0 {
		return -1
	}
	return time.Duration(microseconds) * time.Microsecond
}
