package repo

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// NoteScheduleResult tells a schedule how one of its runs ended. problem is
// for people, nil when all is well.
func (d *DB) NoteScheduleResult(ctx context.Context, tenant string, id, executionID model.ID, status model.Status, problem *string) error {
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		return noteScheduleResults(ctx, q, []model.Execution{{
			ID: executionID, Tenant: tenant, Trigger: model.TriggerSchedule, TriggerID: id, Status: status, Error: problem,
		}})
	})
	return d.fail(err, "note the result of schedule %s", id)
}

// NoteLateResults notes the results that could not be noted when they came. Any
// server may call it at any time.
func (d *DB) NoteLateResults(ctx context.Context) error {
	schedules, err := d.q.ListLateSchedules(ctx)
	if err != nil || len(schedules) == 0 {
		return d.fail(err, "look for late results of schedules")
	}
	err = d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if _, err := lockToNote(ctx, q, schedules); err != nil {
			return err
		}
		return q.ForgetLateResults(ctx)
	})
	return d.fail(err, "note late results of schedules")
}

// noteScheduleResults tells the schedules whose runs are among those that have
// ended. It waits for no lock, as records wait for it: the result for a schedule
// that is locked is kept, in the same transaction, and noted later.
func noteScheduleResults(ctx context.Context, q *dbsqlc.Queries, ended []model.Execution) error {
	ofSchedules := slices.DeleteFunc(ended, func(e model.Execution) bool { return e.Trigger != model.TriggerSchedule })
	if len(ofSchedules) == 0 {
		return nil
	}
	locked, err := lockToNote(ctx, q, each(ofSchedules, func(e model.Execution) pgtype.UUID { return uuid(e.TriggerID) }))
	if err != nil {
		return err
	}
	for i := range ofSchedules {
		e := &ofSchedules[i]
		if locked[e.TriggerID] {
			err = noteScheduleResult(ctx, q, e.Tenant, e.TriggerID, e.ID, e.Status, e.Error)
		} else {
			err = q.AddLateResult(ctx, dbsqlc.AddLateResultParams{
				Tenant: e.Tenant, ScheduleID: uuid(e.TriggerID), ExecutionID: uuid(e.ID), Status: string(e.Status), Error: e.Error,
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lockToNote locks those of the schedules that are free, and notes their late
// results, which came first.
func lockToNote(ctx context.Context, q *dbsqlc.Queries, schedules []pgtype.UUID) (locked map[model.ID]bool, err error) {
	free, err := q.LockFreeSchedules(ctx, schedules)
	if err != nil || len(free) == 0 {
		return nil, err
	}
	locked = make(map[model.ID]bool, len(free))
	for _, id := range free {
		locked[id.Bytes] = true
	}
	late, err := q.TakeLateResults(ctx, free)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(late, func(a, b dbsqlc.ScheduleLateResult) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, r := range late {
		if err := noteScheduleResult(ctx, q, r.Tenant, r.ScheduleID.Bytes, r.ExecutionID.Bytes, model.Status(r.Status), r.Error); err != nil {
			return nil, err
		}
	}
	return locked, nil
}

func noteScheduleResult(ctx context.Context, q *dbsqlc.Queries, tenant string, id, executionID model.ID, status model.Status, problem *string) error {
	return q.NoteScheduleResult(ctx, dbsqlc.NoteScheduleResultParams{
		Tenant: tenant, ID: uuid(id), ExecutionID: uuid(executionID), Status: string(status), Error: problem,
		Failed: status.Final() && status != model.StatusCompleted && status != model.StatusCancelled,
	})
}
