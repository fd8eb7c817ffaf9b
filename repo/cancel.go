package repo

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// RequestCancel asks whichever server runs an execution to stop it: every
// server hears of it as RunsCancelled, and finds it in CancelRequests. What is
// over by then stays as it is.
func (d *DB) RequestCancel(ctx context.Context, tenant string, id model.ID) error {
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if err := q.InsertCancel(ctx, tenant, uuid(id)); err != nil {
			return err
		}
		return note(ctx, q, tenant, RunsCancelled)
	})
	return d.fail(err, "ask for the end of execution %s", id)
}

// CancelRequests returns the executions of a subtenant that someone lately
// wanted to stop; most of them are over.
func (d *DB) CancelRequests(ctx context.Context, tenant string) ([]model.ID, error) {
	rows, err := d.q.ListCancels(ctx, tenant)
	return each(rows, func(id pgtype.UUID) model.ID { return id.Bytes }), d.fail(err, "list what to stop in %s", tenant)
}

// DeleteOldCancelRequests takes away what no run can be waiting for any more.
// Call it every hour.
func (d *DB) DeleteOldCancelRequests(ctx context.Context) error {
	return d.fail(d.q.DeleteOldCancels(ctx), "delete old requests to stop")
}
