package repo

import (
	"bytes"
	"context"
	"slices"
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// NewestExecutions returns the newest executions with ids from since on, without their
// values, newest first.
func (d *DB) NewestExecutions(ctx context.Context, tenant string, since time.Time, limit int) ([]model.Execution, error) {
	rows, err := d.lists.WatchNewest(ctx, dbsqlc.WatchNewestParams{
		Tenant: tenant, FromID: uuid(model.FirstIDOf(since)), BeforeID: uuid(lastID), RowLimit: int32(limit),
	})
	return each(rows, func(r dbsqlc.WatchNewestRow) model.Execution { return watched(tenant, r) }), d.fail(err, "list the newest executions of %s", tenant)
}

// ExecutionsOf returns some executions by their ids, without their values, in no order.
func (d *DB) ExecutionsOf(ctx context.Context, tenant string, ids []model.ID) ([]model.Execution, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	order := func(a, b model.ID) int { return bytes.Compare(a[:], b[:]) }
	rows, err := d.lists.WatchSome(ctx, dbsqlc.WatchSomeParams{
		Tenant: tenant, Ids: each(ids, uuid),
		FromID: uuid(slices.MinFunc(ids, order)), BeforeID: uuid(model.FirstIDOf(slices.MaxFunc(ids, order).Time().Add(time.Millisecond))),
	})
	return each(rows, func(r dbsqlc.WatchSomeRow) model.Execution { return watched(tenant, dbsqlc.WatchNewestRow(r)) }), d.fail(err, "list executions of %s", tenant)
}

// OpenExecutions returns the newest executions that are not over: their ids, states and
// attempts.
func (d *DB) OpenExecutions(ctx context.Context, tenant string, limit int) ([]model.Execution, error) {
	rows, err := d.lists.WatchOpen(ctx, tenant, int32(limit))
	return each(rows, func(r dbsqlc.WatchOpenRow) model.Execution {
		return model.Execution{ID: r.ID.Bytes, Tenant: tenant, Status: model.Status(r.Status), Attempt: int(r.Attempt)}
	}), d.fail(err, "list the executions of %s that are not over", tenant)
}

func watched(tenant string, r dbsqlc.WatchNewestRow) model.Execution {
	return execution(dbsqlc.Execution{
		ID: r.ID, Tenant: tenant, FunctionName: r.FunctionName, FunctionVersion: r.FunctionVersion, TriggerType: r.TriggerType, TriggerID: r.TriggerID,
		Status: r.Status, ErrorType: r.ErrorType, CreatedAt: r.CreatedAt, StartedAt: r.StartedAt, CompletedAt: r.CompletedAt,
		DurationUs: r.DurationUs, Attempt: r.Attempt, ParentID: r.ParentID, RecordComplete: r.RecordComplete, Lane: r.Lane,
	})
}
