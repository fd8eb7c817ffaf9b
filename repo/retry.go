package repo

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// Retriable lists executions that match the filter, by its statuses too, and
// that were not run again yet, oldest first: those after the one with the id
// after, at most limit.
func (d *DB) Retriable(ctx context.Context, tenant string, filter ExecutionFilter, after model.ID, limit int) ([]model.Execution, error) {
	from, before, err := filter.bounds()
	if err != nil {
		return nil, err
	}
	if after.String() > from.String() {
		from = after
	}
	params := dbsqlc.ListRetriableParams{
		Tenant: tenant, FromID: uuid(from), BeforeID: uuid(before), FunctionName: text(filter.FunctionName),
		TriggerType: text(string(filter.Trigger)), TriggerID: uuid(filter.TriggerID),
		Since: moment(filter.Since), Until: moment(filter.Until), RowLimit: int32(limit),
	}
	for _, status := range filter.Statuses {
		params.Statuses = append(params.Statuses, string(status))
	}
	params.FromID.Valid = true // the zero UUID is a value here
	rows, err := d.lists.ListRetriable(ctx, params)
	return each(rows, execution), d.fail(err, "list executions of %s to run again", tenant)
}

// QueueRetries stores runs as pending, each of which runs the execution again
// that is its parent, unless somebody else has had that run again meanwhile. It
// returns how many were stored; all are in one commit. They are one subtenant's.
func (d *DB) QueueRetries(ctx context.Context, tenant string, runs []model.QueuedRun) (stored int, err error) {
	if len(runs) == 0 {
		return 0, nil
	}
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := d.q.WithTx(tx)
		noted, err := q.NoteRetries(ctx, tenant,
			each(runs, func(r model.QueuedRun) pgtype.UUID { return uuid(r.Execution.ParentID) }),
			each(runs, func(r model.QueuedRun) pgtype.UUID { return uuid(r.Execution.ID) }))
		if err != nil {
			return err
		}
		ours := make(map[model.ID]bool, len(noted))
		for _, id := range noted {
			ours[id.Bytes] = true
		}
		var wanted []model.QueuedRun
		for _, run := range runs {
			if ours[run.Execution.ParentID] {
				wanted = append(wanted, run)
			}
		}
		stored = len(wanted)
		if stored == 0 {
			return nil
		}
		return queueRuns(ctx, q, wanted)
	})
	if err != nil {
		return 0, d.fail(err, "queue %d retries", len(runs))
	}
	return stored, nil
}

// NoteRetry remembers that an execution was run again, as retry.
func (d *DB) NoteRetry(ctx context.Context, tenant string, id, retry model.ID) error {
	return d.fail(d.q.NoteRetry(ctx, tenant, uuid(id), uuid(retry)), "note the retry of %s", id)
}
