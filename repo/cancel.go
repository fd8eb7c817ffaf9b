package repo

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// RequestCancel asks the server that runs an execution to stop it: every server is
// told by RunsCancelled, and finds the id in CancelRequests. An execution that is
// over by then stays as it is.
func (d *DB) RequestCancel(ctx context.Context, tenant string, id model.ID) error {
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if err := q.InsertCancel(ctx, tenant, uuid(id)); err != nil {
			return err
		}
		return note(ctx, q, tenant, RunsCancelled)
	})
	return d.fail(err, "request the cancellation of execution %s", id)
}

// CancelRequests returns the executions of a subtenant that callers asked to cancel
// lately; most of them are over.
func (d *DB) CancelRequests(ctx context.Context, tenant string) ([]model.ID, error) {
	rows, err := d.q.ListCancels(ctx, tenant)
	return each(rows, func(id pgtype.UUID) model.ID { return id.Bytes }), d.fail(err, "list the cancelled executions of %s", tenant)
}

// DeleteOldCancelRequests deletes the requests of runs that are over. Call it every
// hour.
func (d *DB) DeleteOldCancelRequests(ctx context.Context) error {
	return d.fail(d.q.DeleteOldCancels(ctx), "delete old cancel requests")
}
