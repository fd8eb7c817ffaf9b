package repo

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// StartDueSchedules hands the schedules that are due, at most limit of them
// and of any subtenant, to start, one after the other. start stores what it
// starts through tx and sets NextRun, LastRun, LastStatus, LastExecutionID and
// LastError. All of it is committed at once, or nothing is; meanwhile other
// servers pass these schedules over: each due time is started once. It returns
// how many there were: with limit of them there may be more.
func (d *DB) StartDueSchedules(ctx context.Context, due time.Time, limit int, start func(context.Context, pgx.Tx, *Schedule) error) (int, error) {
	started := 0
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := d.q.WithTx(tx)
		rows, err := q.LockDueSchedules(ctx, due, int32(limit))
		if err != nil {
			return err
		}
		for _, row := range rows {
			s := schedule(row)
			if err := start(ctx, tx, &s); err != nil {
				return err
			}
			err := q.MoveSchedule(ctx, dbsqlc.MoveScheduleParams{
				Tenant: row.Tenant, ID: row.ID, LastRun: moment(s.LastRun), NextRun: moment(s.NextRun),
				LastStatus: s.LastStatus, LastExecutionID: uuid(s.LastExecutionID), LastError: s.LastError,
			})
			if err != nil {
				return err
			}
		}
		started = len(rows)
		return nil
	})
	return started, d.fail(err, "start due schedules")
}

// NextDue returns when the next schedule of any subtenant is due; zero when
// none will be.
func (d *DB) NextDue(ctx context.Context) (time.Time, error) {
	next, err := d.q.NextDue(ctx)
	if noRows(err) {
		return time.Time{}, nil
	}
	return timeOf(next), d.fail(err, "look for the next schedule")
}

// NoteScheduleResult tells a schedule how one of its runs ended. problem is
// for people, nil when all is well.
func (d *DB) NoteScheduleResult(ctx context.Context, tenant string, id, executionID model.ID, status model.Status, problem *string) error {
	err := d.q.NoteScheduleResult(ctx, dbsqlc.NoteScheduleResultParams{
		Tenant: tenant, ID: uuid(id), ExecutionID: uuid(executionID), Status: string(status), Error: problem,
		Failed: status.Final() && status != model.StatusCompleted && status != model.StatusCancelled,
	})
	return d.fail(err, "note the result of schedule %s", id)
}
