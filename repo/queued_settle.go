package repo

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// settleBatch is how many runs SettleGone takes at a time.
const settleBatch = 100

// ServerDied is the error of a run whose server died of an unknown cause.
const ServerDied = "the server that ran the execution died; whether its work was done is not known"

// serverDied is the end of a run whose server died of an unknown cause.
var serverDied = crashTexts{message: ServerDied, kind: model.ErrorCrashed}

// crashTexts describe the end of a run that has crashed in its record.
type crashTexts struct {
	message, kind string
	traceback     *string
}

// SettleGone ends the runs of servers that are gone: as crashed, or as pending
// again where the retry policy allows another attempt. It returns how many runs
// there were. Any server may call it at any time.
func (d *DB) SettleGone(ctx context.Context) (int, error) {
	settled := 0
	for {
		n := 0
		err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
			q := ofQueue(tx)
			rows, err := q.LockOrphaned(ctx, settleBatch)
			if err != nil {
				return err
			}
			n = len(rows)
			return settleAll(ctx, q, rows, func(model.ID) crashTexts { return serverDied })
		})
		if err != nil {
			return settled, d.fail(err, "settle the runs of servers that are gone")
		}
		if settled += n; n < settleBatch {
			break
		}
	}
	crashed, err := d.crashSynchronous(ctx)
	return settled + crashed, err
}

// settleAll settles claimed runs, and tells their schedules.
func settleAll(ctx context.Context, q *dbsqlc.Queries, rows []dbsqlc.LockOrphanedRow, texts func(model.ID) crashTexts) error {
	var ended []model.Execution
	for _, row := range rows {
		crash := texts(row.ExecutionID.Bytes)
		status, err := settle(ctx, q, row, crash)
		if err != nil {
			return err
		}
		if status.Final() {
			ended = append(ended, model.Execution{
				ID: row.ExecutionID.Bytes, Tenant: row.Tenant, Trigger: model.Trigger(row.TriggerType), TriggerID: row.TriggerID.Bytes,
				Status: status, Error: text(crash.message),
			})
		}
	}
	if err := signalCrashes(ctx, q, each(ended, func(e model.Execution) pgtype.UUID { return uuid(e.ID) })); err != nil {
		return err
	}
	return noteScheduleResults(ctx, q, ended)
}

// settle ends an orphaned run, or has it retried unless its cancel was requested,
// and returns its status.
func settle(ctx context.Context, q *dbsqlc.Queries, row dbsqlc.LockOrphanedRow, crash crashTexts) (status model.Status, err error) {
	status, attempt := model.StatusCrashed, row.Attempt
	pause, again := policyOf(row.Policy).Again(int(row.Attempt), model.StatusCrashed, crash.kind, model.ErrorCrashed)
	switch {
	case row.Cancelled:
		status = model.StatusCancelled
	case again:
		status, attempt = model.StatusPending, row.Attempt+1
	}
	if status.Final() {
		err = q.EndQueued(ctx, row.ExecutionID, row.Claim)
	} else {
		err = q.RetryQueued(ctx, pause.Microseconds(), row.ExecutionID, row.Claim)
	}
	if err != nil {
		return status, err
	}
	return status, q.NoteCrash(ctx, dbsqlc.NoteCrashParams{
		Tenant: row.Tenant, ID: row.ExecutionID, Status: string(status), Attempt: attempt,
		Error: text(crash.message), ErrorType: text(crash.kind), Traceback: crash.traceback,
	})
}

// crashSynchronous ends, as crashed, the synchronous runs of servers that are gone. A
// server that was at it may have gone too: it is done until it is noted.
func (d *DB) crashSynchronous(ctx context.Context) (int, error) {
	servers, err := d.q.ListUnsettled(ctx)
	if err != nil || len(servers) == 0 {
		return 0, d.fail(err, "look for servers that are gone")
	}
	var crashed []pgtype.UUID
	err = d.inTx(ctx, func(q *dbsqlc.Queries) (err error) {
		crashed, err = q.CrashRunsOf(ctx, ServerDied, each(servers, func(id pgtype.UUID) string { return model.ID(id.Bytes).String() }))
		if err != nil {
			return err
		}
		if err := signalCrashes(ctx, q, crashed); err != nil {
			return err
		}
		return q.NoteSettled(ctx, servers)
	})
	return len(crashed), d.fail(err, "settle the runs of servers that are gone")
}
