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
// again where the retry policy allows another attempt. Any server may call it at any
// time. Runs that were settled before an error stay so, and are returned beside it.
func (d *DB) SettleGone(ctx context.Context) (settled Settled, err error) {
	for {
		n := 0
		var runs []SettledRun
		err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
			q := ofQueue(tx)
			rows, err := q.LockOrphaned(ctx, settleBatch)
			if err != nil {
				return err
			}
			n = len(rows)
			runs, err = settleAll(ctx, q, rows, func(model.ID) crashTexts { return serverDied })
			return err
		})
		if err != nil {
			return settled, d.fail(err, "settle the runs of servers that are gone")
		}
		settled.Crashed, settled.Runs = settled.Crashed+n, append(settled.Runs, runs...)
		if n < settleBatch {
			break
		}
	}
	crashed, err := d.crashSynchronous(ctx)
	settled.Crashed, settled.Runs = settled.Crashed+len(crashed), append(settled.Runs, crashed...)
	return settled, err
}

// settleAll settles claimed runs, tells their schedules, and returns those whose
// executions changed.
func settleAll(ctx context.Context, q *dbsqlc.Queries, rows []dbsqlc.LockOrphanedRow, texts func(model.ID) crashTexts) (settled []SettledRun, err error) {
	var ended []model.Execution
	for _, row := range rows {
		crash := texts(row.ExecutionID.Bytes)
		status, changed, err := settle(ctx, q, row, crash)
		if err != nil {
			return nil, err
		}
		if changed {
			settled = append(settled, SettledRun{Tenant: row.Tenant, Function: row.FunctionName, Trigger: model.Trigger(row.TriggerType), Status: status})
		}
		if status.Final() {
			ended = append(ended, model.Execution{
				ID: row.ExecutionID.Bytes, Tenant: row.Tenant, Trigger: model.Trigger(row.TriggerType), TriggerID: row.TriggerID.Bytes,
				Status: status, Error: text(crash.message),
			})
		}
	}
	if err := signalCrashes(ctx, q, each(ended, func(e model.Execution) pgtype.UUID { return uuid(e.ID) })); err != nil {
		return nil, err
	}
	return settled, noteScheduleResults(ctx, q, ended)
}

// settle ends an orphaned run, or has it retried unless its cancel was requested,
// and returns its status, and whether its execution changed.
func settle(ctx context.Context, q *dbsqlc.Queries, row dbsqlc.LockOrphanedRow, crash crashTexts) (status model.Status, changed bool, err error) {
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
		return status, false, err
	}
	n, err := q.NoteCrash(ctx, dbsqlc.NoteCrashParams{
		Tenant: row.Tenant, ID: row.ExecutionID, Status: string(status), Attempt: attempt,
		Error: text(crash.message), ErrorType: text(crash.kind), Traceback: crash.traceback,
	})
	return status, n > 0, err
}

// crashSynchronous ends, as crashed, the synchronous runs of servers that are gone. A
// server that was at it may have gone too: it is done until it is noted.
func (d *DB) crashSynchronous(ctx context.Context) ([]SettledRun, error) {
	servers, err := d.q.ListUnsettled(ctx)
	if err != nil || len(servers) == 0 {
		return nil, d.fail(err, "look for servers that are gone")
	}
	var crashed []dbsqlc.CrashRunsOfRow
	err = d.inTx(ctx, func(q *dbsqlc.Queries) (err error) {
		crashed, err = q.CrashRunsOf(ctx, ServerDied, each(servers, func(id pgtype.UUID) string { return model.ID(id.Bytes).String() }))
		if err != nil {
			return err
		}
		if err := signalCrashes(ctx, q, each(crashed, func(row dbsqlc.CrashRunsOfRow) pgtype.UUID { return row.ID })); err != nil {
			return err
		}
		return q.NoteSettled(ctx, servers)
	})
	if err != nil {
		return nil, d.fail(err, "settle the runs of servers that are gone")
	}
	return each(crashed, func(row dbsqlc.CrashRunsOfRow) SettledRun {
		return SettledRun{Tenant: row.Tenant, Function: row.FunctionName, Trigger: model.Trigger(row.TriggerType), Status: model.StatusCrashed}
	}), nil
}
