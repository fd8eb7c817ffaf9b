package repo

import (
	"context"
	"time"
)

// Backlog is a number of runs or schedules, and the age of the oldest.
type Backlog struct {
	Runs   int64
	Oldest time.Duration
}

// Measurement is the state of what all servers share.
type Measurement struct {
	Delayed, Waiting, Paused, Running Backlog // asynchronous runs; those that are paused do not count as waiting
	Overdue                           Backlog // schedules that are due and not started
	Servers                           int64   // that are alive
	Quarantined                       int64   // functions
}

// Measure counts the queue, the overdue schedules and the servers. It reads the
// whole queue, on a connection that no call waits for.
func (d *DB) Measure(ctx context.Context) (Measurement, error) {
	r, err := d.catalog.Measure(ctx)
	backlog := func(runs, microseconds int64) Backlog {
		return Backlog{runs, max(time.Duration(microseconds)*time.Microsecond, 0)}
	}
	return Measurement{
		Delayed: backlog(r.Delayed, r.DelayedUs), Waiting: backlog(r.Waiting, r.WaitingUs), Paused: backlog(r.Paused, r.PausedUs), Running: backlog(r.Running, r.RunningUs),
		Overdue: backlog(r.Overdue, r.OverdueUs), Servers: r.Servers, Quarantined: r.Quarantined,
	}, d.fail(err, "measure the queue")
}
