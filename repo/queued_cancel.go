package repo

import (
	"context"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// CancelQueued ends a run that waits, and returns its execution; nil when none with
// that id does.
func (d *DB) CancelQueued(ctx context.Context, tenant string, id model.ID) (cancelled *model.Execution, err error) {
	err = d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if n, err := q.CancelQueued(ctx, tenant, uuid(id)); err != nil || n == 0 {
			return err
		}
		row, err := q.CancelPending(ctx, tenant, uuid(id))
		if noRows(err) {
			return errExecutionNotFound() // its row is gone with its partition
		}
		if err != nil {
			return err
		}
		e := execution(row)
		cancelled = &e
		result := e
		result.Error = nil // of an earlier attempt
		return noteScheduleResults(ctx, q, []model.Execution{result})
	})
	if err != nil {
		return nil, d.fail(err, "cancel execution %s", id)
	}
	return cancelled, nil
}
