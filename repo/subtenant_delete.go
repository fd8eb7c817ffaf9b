package repo

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// purgeBatch is how many executions, with their steps, or keys one transaction
// takes away: enough for speed, few enough not to delay other transactions.
const purgeBatch = 500

// DeleteSubtenant removes a subtenant with all it owns. Its id is never given
// again, and its public paths stay reserved like any that were let go. What it
// owns by name goes at once, its executions and keys in batches after that;
// when these can't be finished the subtenant is deleted all the same, and
// PurgeDeletedSubtenants does the rest.
func (d *DB) DeleteSubtenant(ctx context.Context, id string) error {
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if err := q.RememberDeletedSubtenant(ctx, id); err != nil {
			return err
		}
		if n, err := q.DeleteSubtenant(ctx, id); err != nil || n == 0 {
			return orNotFound(err, errSubtenantNotFound(id))
		}
		if err := q.ReleaseAllSegments(ctx, id); err != nil {
			return err
		}
		return note(ctx, q, id, SubtenantGone)
	})
	if err != nil {
		return d.fail(err, "delete subtenant %s", id)
	}
	if err := d.purge(ctx, id); err != nil {
		d.log.Warn("what a deleted subtenant leaves will be taken away later", slog.String("tenant", id), slog.Any("error", err))
	}
	return nil
}

// PurgeDeletedSubtenants takes away what deleted subtenants left: what a
// deletion did not get to, and what runs that were under way wrote after it.
// Call it at start and every hour; several servers may do so at once.
func (d *DB) PurgeDeletedSubtenants(ctx context.Context) error {
	ids, err := d.q.ListUnpurgedSubtenants(ctx)
	if err != nil {
		return d.fail(err, "list deleted subtenants")
	}
	for _, id := range ids {
		if err := d.purge(ctx, id); err != nil {
			return d.fail(err, "purge deleted subtenant %s", id)
		}
	}
	return nil
}

func (d *DB) purge(ctx context.Context, id string) error {
	for _, remove := range []func(context.Context, string) error{
		d.q.DeleteQueuedOf, d.q.DeleteLateResultsOf, d.q.DeleteAlertSignalsOf, d.q.DeleteAlertProblemsOf, d.q.DeleteAlertDeliveriesOf,
		d.q.DeleteRunSumsOf, d.q.DeleteCallSumsOf, d.q.DeleteRunMarksOf,
	} {
		if err := remove(ctx, id); err != nil {
			return err
		}
	}
	for {
		n, err := d.q.DeleteKeysOf(ctx, id, purgeBatch)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	after := pgtype.UUID{Valid: true} // before every id
	for {
		ids, err := d.q.ListExecutionIDsOf(ctx, id, after, purgeBatch)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return d.q.NotePurged(ctx, id)
		}
		if err := d.deleteExecutions(ctx, id, ids); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

// deleteExecutions takes ids, which must be sorted, away with their steps.
func (d *DB) deleteExecutions(ctx context.Context, tenant string, ids []pgtype.UUID) error {
	first, last := ids[0], ids[len(ids)-1]
	from := model.ID(first.Bytes).Time().Truncate(partitionSpan)
	before := model.ID(last.Bytes).Time().Truncate(partitionSpan).Add(partitionSpan)
	return d.inTx(ctx, func(q *dbsqlc.Queries) error {
		_, err := q.DeleteStepsOf(ctx, dbsqlc.DeleteStepsOfParams{
			Tenant: tenant, ExecutionIds: ids, FromID: uuid(model.FirstIDOf(from)), BeforeID: uuid(model.FirstIDOf(before)),
		})
		if err != nil {
			return err
		}
		_, err = q.DeleteExecutionsOf(ctx, dbsqlc.DeleteExecutionsOfParams{Tenant: tenant, Ids: ids, FromID: first, UptoID: last})
		return err
	})
}
