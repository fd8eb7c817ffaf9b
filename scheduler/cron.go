package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/wake"
	"maestro/repo"
)

const (
	// grace is how late a due time may be and still be started with any catch_up.
	grace = 60 * time.Second
	// holdTime is how long a schedule that catches up is left alone when its
	// earlier runs leave no room.
	holdTime = time.Second

	defaultBatch      = 100
	defaultClockCheck = 5 * time.Second
)

// Queue takes the runs that schedules start.
type Queue interface {
	// Plan prepares to add runs of a function, before any row is locked. It must
	// not wait for anything that a subtenant can delay. A *model.Error skips the
	// due time, and gives the reason; after CodeUnavailable, CodeInternal and any
	// other error it is retried.
	Plan(ctx context.Context, tenant, function string) (Add, error)
	// Unfinished counts the runs that the schedule has started and that are
	// pending or running.
	Unfinished(ctx context.Context, tx repo.Tx, s *model.Schedule) (int, error)
}

// Add stores a pending run of a schedule of the planned function, with its
// input and retry policy, and returns its execution's id. It writes through tx
// alone, and waits for no other connection: other servers wait for the rows that
// tx has locked. Its errors are as those of Plan.
type Add func(ctx context.Context, tx repo.Tx, s *model.Schedule) (model.ID, error)

// CronOptions is what a Cron is made of. DB, Queue and Log are needed.
type CronOptions struct {
	DB    *repo.DB
	Queue Queue
	Log   *slog.Logger

	Started    func()           // called when runs were committed; must not block; may be nil
	Meter      Meter            // counts due times; may be nil
	Now        func() time.Time // the wall clock; default time.Now
	ClockCheck time.Duration    // how often a wait looks whether the clock was changed; default 5 s
	Batch      int              // how many schedules one transaction starts; default 100
}

// Cron starts the runs of schedules, each due time once, on however many
// servers: each schedule's next due time stands in the database and moves on in
// the transaction that stores the run.
type Cron struct {
	*service.Loop // Start asks nothing of the database: one that is away is waited for

	opts CronOptions
	wake wake.Signal // something changed
}

// NewCron makes a Cron; it does nothing by itself before Start.
func NewCron(opts CronOptions) *Cron {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Started == nil {
		opts.Started = func() {}
	}
	if opts.Meter == nil {
		opts.Meter = noMeter{}
	}
	if opts.ClockCheck <= 0 {
		opts.ClockCheck = defaultClockCheck
	}
	if opts.Batch <= 0 {
		opts.Batch = defaultBatch
	}
	c := &Cron{opts: opts, wake: wake.New()}
	c.Loop = service.NewLoop(service.Hooks{Run: c.run})
	return c
}

// Wake makes it read the schedules again: this or another server changed them.
// It never blocks.
func (c *Cron) Wake() { c.wake.Notify() }

// Run starts a schedule now, at a caller's request: besides its due times, and
// regardless of overlap and max_instances. It returns the id of the execution,
// which is pending.
func (c *Cron) Run(ctx context.Context, tenant string, id model.ID) (model.ID, error) {
	execution, err := c.runOne(ctx, tenant, id)
	if err != nil {
		return model.ID{}, fmt.Errorf("run schedule %s: %w", id, err)
	}
	c.opts.Started()
	return execution, nil
}

// errAnotherFunction says that a schedule was given another function since its
// run was planned.
var errAnotherFunction = errors.New("the schedule has got another function")

func (c *Cron) runOne(ctx context.Context, tenant string, id model.ID) (execution model.ID, err error) {
	for {
		s, err := c.opts.DB.Schedule(ctx, tenant, id)
		if err != nil {
			return execution, err
		}
		if s.FunctionGone {
			return execution, s.FunctionProblem()
		}
		planned := s.FunctionName
		add, err := c.opts.Queue.Plan(ctx, tenant, planned)
		if err != nil {
			return execution, err
		}
		err = c.opts.DB.StartSchedule(ctx, tenant, id, func(ctx context.Context, tx repo.Tx, s *model.Schedule) error {
			if problem := s.FunctionProblem(); problem != nil {
				return problem
			}
			if s.FunctionName != planned {
				return errAnotherFunction
			}
			var err error
			if execution, err = add(ctx, tx, s); err != nil {
				return err
			}
			started(s, c.now(), execution)
			return nil
		})
		if !errors.Is(err, errAnotherFunction) {
			return execution, err
		}
	}
}

// now is the wall clock without the monotonic one: a time that is compared with
// the database's must follow a clock that is changed.
func (c *Cron) now() time.Time { return c.opts.Now().Round(0).UTC() }
