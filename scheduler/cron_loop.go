package scheduler

import (
	"context"
	"log/slog"
	"time"

	"maestro/internal/backoff"
)

const (
	// passPatience bounds one pass: a database that is slower is taken for gone.
	passPatience = 30 * time.Second
	// longestWait is how long the loop sleeps without asking the database, in case
	// that the notification of a change was lost.
	longestWait = time.Minute

	firstRetry = 50 * time.Millisecond
	lastRetry  = 2 * time.Second

	busyWait = 75 * time.Millisecond // while another server is at it
)

// run is the loop: start the due schedules, sleep until the next due time.
func (c *Cron) run(ctx context.Context) {
	retry := backoff.Backoff{First: firstRetry, Longest: lastRetry} // while the database is away
	away := false
	for ctx.Err() == nil {
		next, err := c.pass(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !away {
				c.opts.Log.Warn("schedules are not started until the database can be asked again", slog.Any("error", err))
			}
			away = true
		case away:
			c.opts.Log.Info("schedules are started again")
			away = false
		}
		switch {
		case err != nil:
			retry.Wait(ctx)
		case !next.IsZero() && !next.After(c.now()): // another server is at it
			backoff.Sleep(ctx, backoff.Jitter(busyWait))
		default:
			retry.Reset()
			c.await(ctx, next)
		}
	}
}

// pass starts the due schedules and returns when to look again; zero when none
// will be due.
func (c *Cron) pass(ctx context.Context) (time.Time, error) {
	for {
		n, next, err := c.startBatch(ctx)
		if err != nil || n == 0 {
			return next, err
		}
		c.opts.Started()
	}
}

// startBatch starts schedules that are due, in one transaction. When there were
// none for this server it returns when the next is due.
func (c *Cron) startBatch(ctx context.Context) (n int, next time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, passPatience)
	defer cancel()
	now := c.now()
	due, err := c.opts.DB.DueSchedules(ctx, now, c.opts.Batch)
	if err == nil && len(due) > 0 {
		b := c.plan(ctx, due)
		if n, err = c.opts.DB.StartDueSchedules(ctx, now, due, b.startOne); err == nil {
			b.tally.report(c.opts.Meter)
		}
	}
	if err == nil && n == 0 {
		next, err = c.opts.DB.NextDue(ctx)
	}
	return n, next, err
}

// await returns when the clock shows next, when something changed, or after
// longestWait. A timer does not know of a clock that is changed, so the clock
// is looked at from time to time, which costs nothing.
func (c *Cron) await(ctx context.Context, next time.Time) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for begin := time.Now(); time.Since(begin) < longestWait; {
		wait := min(c.opts.ClockCheck, longestWait)
		if !next.IsZero() {
			left := next.Sub(c.now())
			if left <= 0 {
				return
			}
			wait = min(wait, left)
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
			return
		case <-timer.C:
		}
	}
}
