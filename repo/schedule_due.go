package repo

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// DueSchedule names a schedule that is due, and its function.
type DueSchedule struct {
	ID           model.ID
	Tenant       string
	FunctionName string
}

// DueSchedules lists schedules of any subtenant that are due, the longest
// overdue first, without those that another server is starting.
func (d *DB) DueSchedules(ctx context.Context, due time.Time, limit int) ([]DueSchedule, error) {
	rows, err := d.q.ListDueSchedules(ctx, due, int32(limit))
	return each(rows, func(r dbsqlc.ListDueSchedulesRow) DueSchedule {
		return DueSchedule{ID: r.ID.Bytes, Tenant: r.Tenant, FunctionName: r.FunctionName}
	}), d.fail(err, "look for due schedules")
}

// StartDueSchedules hands those of the schedules that are still due to start,
// one after the other. start stores the runs through tx and sets NextRun,
// HeldUntil, LastRun, LastStatus, LastExecutionID, LastError and Missed. All of it is
// committed at once, or nothing is; meanwhile other servers pass these schedules
// over: each due time is started once. As they are locked, start must wait for
// nothing but the database. It returns how many there were.
func (d *DB) StartDueSchedules(ctx context.Context, due time.Time, schedules []DueSchedule, start func(context.Context, Tx, *model.Schedule) error) (int, error) {
	started := 0
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := d.q.WithTx(tx)
		rows, err := q.LockDueSchedules(ctx, each(schedules, func(s DueSchedule) pgtype.UUID { return uuid(s.ID) }), due)
		if err != nil {
			return err
		}
		for _, row := range rows {
			s := schedule(row.ScheduledJob, row.FunctionThere, row.FunctionOff)
			if err := start(ctx, Tx{d, tx}, &s); err != nil {
				return err
			}
			if err := move(ctx, q, &s); err != nil {
				return err
			}
		}
		started = len(rows)
		return nil
	})
	return started, d.fail(err, "start due schedules")
}

// StartSchedule hands one schedule to start, whether it is due or not, as
// StartDueSchedules does, and waits for a server that is at it. An error of
// start is returned as it is; CodeScheduleNotFound when there is none. start
// must not ask for another connection: many calls at a time would take all.
func (d *DB) StartSchedule(ctx context.Context, tenant string, id model.ID, start func(context.Context, Tx, *model.Schedule) error) error {
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := d.q.WithTx(tx)
		row, err := q.LockSchedule(ctx, tenant, uuid(id))
		if noRows(err) {
			return errScheduleNotFound()
		}
		if err != nil {
			return err
		}
		s := schedule(row.ScheduledJob, row.FunctionThere, row.FunctionOff)
		if err := start(ctx, Tx{d, tx}, &s); err != nil {
			return err
		}
		return move(ctx, q, &s)
	})
	return d.fail(err, "start schedule %s", id)
}

// move stores what the start of a schedule changed.
func move(ctx context.Context, q *dbsqlc.Queries, s *model.Schedule) error {
	for _, missed := range s.Missed {
		err := q.SignalMissed(ctx, dbsqlc.SignalMissedParams{
			Tenant: s.Tenant, FunctionName: s.FunctionName, At: missed.Due, ScheduleID: uuid(s.ID), Reason: missed.Reason,
		})
		if err != nil {
			return err
		}
	}
	return q.MoveSchedule(ctx, dbsqlc.MoveScheduleParams{
		Tenant: s.Tenant, ID: uuid(s.ID), LastRun: moment(s.LastRun), NextRun: moment(s.NextRun), HeldUntil: moment(s.HeldUntil),
		LastStatus: s.LastStatus, LastExecutionID: uuid(s.LastExecutionID), LastError: s.LastError,
	})
}

// NextDue returns when the next schedule of any subtenant is to be looked at:
// when it is due, or when it is no longer held. Zero when there is none.
func (d *DB) NextDue(ctx context.Context) (time.Time, error) {
	next, err := d.q.NextDue(ctx)
	if noRows(err) {
		return time.Time{}, nil
	}
	return next, d.fail(err, "look for the next schedule")
}
