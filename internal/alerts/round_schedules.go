package alerts

import (
	"context"
	"fmt"
	"time"

	"maestro/repo"
)

// lateEvery is how often schedules are looked at. A due time that the scheduler has
// left without a run is signalled by the scheduler itself: this finds the others, such
// as a run that waits in a queue of which no server takes any.
const lateEvery = 30 * time.Second

// lateStarts are the due times without a run that has begun within the grace of their
// function's setting.
func (r *round) lateStarts(ctx context.Context) (missed []repo.AlertSignal, err error) {
	late, err := r.tx.LateStarts(ctx, r.now.Add(-LeastGrace*time.Second))
	if err != nil {
		return nil, err
	}
	for _, s := range late {
		setting := stored(s.Notify)
		if setting == nil || s.Due.After(r.now.Add(-setting.grace())) {
			continue
		}
		reason := "No server has started it. Check that a server runs, and that its schedules are not held (GET /health)."
		if s.Queued {
			reason = fmt.Sprintf("Its run waits in the queue since %s. Check the servers' load, and the limits of the function.", s.Due.UTC().Format(time.RFC3339))
		}
		missed = append(missed, repo.AlertSignal{
			Tenant: s.Tenant, Function: s.Function, At: s.Due, First: s.Due, Count: 1, Schedule: s.Schedule, Reason: reason, Notify: s.Notify,
		})
	}
	return missed, nil
}

// notMadeUp leaves out the signals of due times for which a run has begun within the
// grace after all: that of the next due time, or one on request.
func (r *round) notMadeUp(ctx context.Context, signals []repo.AlertSignal) (left []repo.AlertSignal, err error) {
	for _, s := range signals {
		setting := stored(s.Notify)
		if !s.Schedule.IsZero() && setting != nil {
			began, err := r.tx.StartedSince(ctx, s.Tenant, s.Schedule, s.At, s.At.Add(setting.grace()))
			if err != nil {
				return nil, err
			}
			if began {
				continue
			}
		}
		left = append(left, s)
	}
	return left, nil
}
