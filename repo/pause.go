package repo

import (
	"context"
	"time"

	"maestro/repo/dbsqlc"
)

// Pause says whether the runs of a function or subtenant are held.
type Pause struct {
	Since            *time.Time // nil: they are not
	Waiting, Running int        // its asynchronous runs
}

// PauseFunction holds the runs of a function, or lets them go on.
func (d *DB) PauseFunction(ctx context.Context, tenant, name string, paused bool) (pause Pause, err error) {
	err = d.inTx(ctx, func(q *dbsqlc.Queries) error {
		changed, err := q.PauseFunction(ctx, paused, tenant, name)
		if err != nil {
			return err
		}
		if changed == 0 {
			return errFunctionNotFound(name)
		}
		f, err := q.LockFunction(ctx, tenant, name)
		if err != nil {
			return err
		}
		if pause, err = countPause(ctx, q, tenant, &name, f.PausedAt); err != nil {
			return err
		}
		return note(ctx, q, tenant, FunctionsChanged)
	})
	return pause, d.fail(err, "pause function %s", name)
}

// PauseSubtenant holds the runs of all functions of a subtenant, or lets them go on.
func (d *DB) PauseSubtenant(ctx context.Context, id string, paused bool) (pause Pause, err error) {
	err = d.inTx(ctx, func(q *dbsqlc.Queries) error {
		changed, err := q.PauseSubtenant(ctx, paused, id)
		if err != nil {
			return err
		}
		if changed == 0 {
			return errSubtenantNotFound(id)
		}
		t, err := q.GetSubtenant(ctx, id)
		if err != nil {
			return err
		}
		if pause, err = countPause(ctx, q, id, nil, t.PausedAt); err != nil {
			return err
		}
		return note(ctx, q, id, PackagesChanged)
	})
	return pause, d.fail(err, "pause subtenant %s", id)
}

func countPause(ctx context.Context, q *dbsqlc.Queries, tenant string, function *string, since *time.Time) (Pause, error) {
	runs, err := q.CountHeld(ctx, tenant, function)
	return Pause{Since: since, Waiting: int(runs.Waiting), Running: int(runs.Running)}, err
}
