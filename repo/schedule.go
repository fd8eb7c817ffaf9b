package repo

import (
	"context"
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// ScheduleFilter narrows ListSchedules.
type ScheduleFilter struct {
	FunctionName string
	ActiveOnly   bool
	Page
}

// Schedule returns one schedule, or CodeScheduleNotFound.
func (d *DB) Schedule(ctx context.Context, tenant string, id model.ID) (model.Schedule, error) {
	row, err := d.q.GetSchedule(ctx, tenant, uuid(id))
	if noRows(err) {
		return model.Schedule{}, errScheduleNotFound()
	}
	return schedule(row.ScheduledJob, row.FunctionThere, row.FunctionOff), d.fail(err, "load schedule %s", id)
}

// ListSchedules returns schedules by name and the cursor of the next page.
func (d *DB) ListSchedules(ctx context.Context, tenant string, filter ScheduleFilter) ([]model.Schedule, string, error) {
	after, err := filter.after(1)
	if err != nil {
		return nil, "", err
	}
	rows, err := d.catalog.ListSchedules(ctx, dbsqlc.ListSchedulesParams{
		Tenant: tenant, After: after[0], ActiveOnly: filter.ActiveOnly, FunctionName: filter.FunctionName,
		RowOffset: int32(filter.Offset), RowLimit: filter.limit(),
	})
	if err != nil {
		return nil, "", d.fail(err, "list schedules of %s", tenant)
	}
	rows, next := cut(filter.Page, rows, func(r dbsqlc.ListSchedulesRow) []string { return []string{r.ScheduledJob.Name} })
	return each(rows, func(r dbsqlc.ListSchedulesRow) model.Schedule {
		return schedule(r.ScheduledJob, r.FunctionThere, r.FunctionOff)
	}), next, nil
}

// CreateSchedule stores a schedule; its id and times of creation are the
// server's, NextRun is the caller's. A name in use is CodeNameTaken, a function
// that is not there CodeFunctionNotFound.
func (d *DB) CreateSchedule(ctx context.Context, tenant string, s model.Schedule) (model.Schedule, error) {
	err := d.inTx(ctx, func(q *dbsqlc.Queries) (err error) {
		if s, err = insertSchedule(ctx, q, tenant, s); err != nil {
			return err
		}
		return note(ctx, q, tenant, SchedulesChanged)
	})
	if err != nil {
		return model.Schedule{}, d.fail(err, "create schedule %s", s.Name)
	}
	return s, nil
}

// insertSchedule is a part of its caller's transaction.
func insertSchedule(ctx context.Context, q *dbsqlc.Queries, tenant string, s model.Schedule) (model.Schedule, error) {
	s.ID, s.Tenant, s.CreatedAt = model.NewID(), tenant, now()
	s.UpdatedAt = s.CreatedAt
	off, err := checkActive(ctx, q, tenant, s.FunctionName)
	if err != nil {
		return s, err
	}
	s.FunctionOff = off
	err = q.InsertSchedule(ctx, dbsqlc.InsertScheduleParams{
		ID: uuid(s.ID), Tenant: tenant, Name: s.Name, FunctionName: s.FunctionName, CronExpression: s.CronExpression,
		Timezone: s.Timezone, InputData: s.Input, Description: s.Description, IsActive: s.IsActive, Retry: s.Retry,
		Overlap: string(s.Overlap), CatchUp: string(s.CatchUp), MaxInstances: int32(s.MaxInstances), NextRun: moment(s.NextRun), CreatedAt: s.CreatedAt,
	})
	return s, orScheduleTaken(err, s.Name)
}

// UpdateSchedule applies change to a schedule and stores what came of it;
// change sets NextRun as well. An error of change is returned as it is; the
// others are those of CreateSchedule and CodeScheduleNotFound. What tells of
// past runs keeps its values.
func (d *DB) UpdateSchedule(ctx context.Context, tenant string, id model.ID, change func(*model.Schedule) error) (model.Schedule, error) {
	var s model.Schedule
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		row, err := q.LockSchedule(ctx, tenant, uuid(id))
		if noRows(err) {
			return errScheduleNotFound()
		}
		if err != nil {
			return err
		}
		before := schedule(row.ScheduledJob, row.FunctionThere, row.FunctionOff)
		s = before
		if err := change(&s); err != nil {
			return err
		}
		if s, err = storeSchedule(ctx, q, before, s); err != nil {
			return err
		}
		return note(ctx, q, tenant, SchedulesChanged)
	})
	if err != nil {
		return model.Schedule{}, d.fail(err, "change schedule %s", id)
	}
	return s, nil
}

// storeSchedule writes the new state of a schedule that its caller's transaction
// has locked.
func storeSchedule(ctx context.Context, q *dbsqlc.Queries, before, s model.Schedule) (model.Schedule, error) {
	s.ID, s.Tenant, s.CreatedAt, s.UpdatedAt = before.ID, before.Tenant, before.CreatedAt, now()
	s.LastRun, s.LastStatus, s.LastExecutionID = before.LastRun, before.LastStatus, before.LastExecutionID
	s.LastError, s.Failures, s.HeldUntil = before.LastError, before.Failures, time.Time{}
	if s.FunctionName != before.FunctionName {
		off, err := checkActive(ctx, q, s.Tenant, s.FunctionName)
		if err != nil {
			return s, err
		}
		s.FunctionGone, s.FunctionOff = false, off
	}
	err := q.UpdateSchedule(ctx, dbsqlc.UpdateScheduleParams{
		Tenant: s.Tenant, ID: uuid(s.ID), Name: s.Name, FunctionName: s.FunctionName, CronExpression: s.CronExpression,
		Timezone: s.Timezone, InputData: s.Input, Description: s.Description, IsActive: s.IsActive, Retry: s.Retry,
		Overlap: string(s.Overlap), CatchUp: string(s.CatchUp), MaxInstances: int32(s.MaxInstances), NextRun: moment(s.NextRun), UpdatedAt: s.UpdatedAt,
	})
	return s, orScheduleTaken(err, s.Name)
}

// DeleteSchedule removes a schedule, or answers CodeScheduleNotFound.
func (d *DB) DeleteSchedule(ctx context.Context, tenant string, id model.ID) error {
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if n, err := q.DeleteSchedule(ctx, tenant, uuid(id)); err != nil || n == 0 {
			return orNotFound(err, errScheduleNotFound())
		}
		return note(ctx, q, tenant, SchedulesChanged)
	})
	return d.fail(err, "delete schedule %s", id)
}

func orScheduleTaken(err error, name string) error {
	if !violates(err, "scheduled_jobs_tenant_name_key") {
		return err
	}
	return model.NewError(model.CodeNameTaken, "There is a schedule %q already; change it with PUT, or choose another name.", name)
}

func errScheduleNotFound() error {
	return model.NewError(model.CodeScheduleNotFound, "There is no schedule with that id.")
}

func schedule(r dbsqlc.ScheduledJob, functionThere, functionOff bool) model.Schedule {
	return model.Schedule{
		ID: r.ID.Bytes, Tenant: r.Tenant, Name: r.Name, FunctionName: r.FunctionName, CronExpression: r.CronExpression,
		Timezone: r.Timezone, Input: r.InputData, Description: r.Description, IsActive: r.IsActive, Retry: r.Retry,
		Overlap: model.Overlap(r.Overlap), CatchUp: model.CatchUp(r.CatchUp), MaxInstances: int(r.MaxInstances), NextRun: timeOf(r.NextRun),
		HeldUntil: timeOf(r.HeldUntil), FunctionGone: !functionThere, FunctionOff: functionOff, LastRun: timeOf(r.LastRun), LastStatus: r.LastStatus, LastExecutionID: r.LastExecutionID.Bytes, LastError: r.LastError,
		Failures: int(r.Failures), CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}
