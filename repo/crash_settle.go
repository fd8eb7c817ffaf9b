package repo

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// Crash is a run that a server had begun when it died.
type Crash struct {
	Execution model.Execution // its Error and ErrorType are set, and CompletedAt
	Claim     int64           // of an asynchronous run; 0: it is synchronous
}

// Settled are the runs of servers that died.
type Settled struct {
	Crashed  int // or waiting for another attempt
	Released int // claimed and not begun: they wait again, without an attempt
	// Runs are those of Crashed whose execution changed: each is here once, however many
	// servers settle, even beside an error.
	Runs []SettledRun
}

// SettledRun is a run that was settled.
type SettledRun struct {
	Tenant, Function string
	Trigger          model.Trigger
	Status           model.Status // pending: another attempt follows
}

// crashExecution writes a synchronous run that crashed: whole if it has no row, and in
// a row that says running what came to be known. A row that has come to its end stays.
var crashExecution = executionTable.insert(1) + ` ON CONFLICT (` + executionTable.key + `) DO UPDATE
SET status = excluded.status, error = excluded.error, error_type = excluded.error_type, traceback = excluded.traceback,
    completed_at = excluded.completed_at, duration_us = excluded.duration_us
WHERE ` + executionTable.open

// crashSteps closes the steps of an execution that were open when its server died.
const crashSteps = `UPDATE step_executions SET status = 'crashed', completed_at = $5
WHERE tenant = $1 AND execution_id = $2 AND id >= $3 AND id < $4 AND status = 'running'`

// SettleCrashes records the runs that the server had begun which held a data folder
// before and is dead: as crashed, or as pending again where the retry policy allows
// another attempt. Runs that have a record stay as they are. complete says that there
// are no others: then the runs that the server has claimed beside these wait again.
// Call it before RegisterServer, after which other servers settle all runs of its predecessor.
func (d *DB) SettleCrashes(ctx context.Context, folder string, crashes []Crash, complete bool) (settled Settled, err error) {
	var batch pgx.Batch
	var failures []pgtype.UUID
	var crashed []*model.Execution
	var ended []SettledRun
	claimed := []pgtype.UUID{} // nil would be NULL
	queued := map[model.ID]*Crash{}
	for i := range crashes {
		crash := &crashes[i]
		e := &crash.Execution
		e.Status = model.StatusCrashed
		if crash.Claim != 0 {
			claimed = append(claimed, uuid(e.ID))
			queued[e.ID] = crash
			continue
		}
		row := newExecutionRow(e, nil)
		batch.Queue(crashExecution, executionTable.arguments(&row)...).Exec(func(tag pgconn.CommandTag) error {
			if tag.RowsAffected() > 0 { // else it had come to its end before
				ended = append(ended, SettledRun{Tenant: e.Tenant, Function: e.FunctionName, Trigger: e.Trigger, Status: e.Status})
				failures, crashed = append(failures, uuid(e.ID)), append(crashed, e)
			}
			return nil
		})
		made := e.ID.Time()
		batch.Queue(crashSteps, e.Tenant, uuid(e.ID), uuid(model.FirstIDOf(made)), uuid(model.FirstIDOf(made.Add(time.Millisecond))), e.CompletedAt)
	}
	if batch.Len() > 0 {
		err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
			if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
				return err
			}
			if behind := lateOf(crashed); len(behind) > 0 {
				if err := d.q.WithTx(tx).NoteUnsummed(ctx, behind); err != nil {
					return err
				}
			}
			return signalCrashes(ctx, d.q.WithTx(tx), failures)
		})
		if err != nil {
			return settled, d.fail(err, "record the runs of a server that died")
		}
		settled.Crashed, settled.Runs = len(ended), ended
	}
	n, runs, err := d.crashQueued(ctx, claimed, queued)
	settled.Crashed, settled.Runs = settled.Crashed+n, append(settled.Runs, runs...)
	if err != nil || !complete {
		return settled, d.fail(err, "settle the runs of a server that died")
	}
	servers, err := d.q.ListServersOf(ctx, folder)
	if err == nil && len(servers) > 0 {
		var released []pgtype.UUID
		released, err = ofQueue(d.pool).ReleaseClaimsOf(ctx, servers, claimed)
		settled.Released = len(released)
	}
	return settled, d.fail(err, "release the runs of a server that died")
}

// crashQueued settles those of the claimed runs that are still claimed as their crashes
// say, and returns how many these are.
func (d *DB) crashQueued(ctx context.Context, claimed []pgtype.UUID, crashes map[model.ID]*Crash) (n int, settled []SettledRun, err error) {
	if len(claimed) == 0 {
		return 0, nil, nil
	}
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := ofQueue(tx)
		rows, err := q.LockClaimed(ctx, claimed)
		if err != nil {
			return err
		}
		var own []dbsqlc.LockOrphanedRow
		for _, row := range rows {
			if crash := crashes[row.ExecutionID.Bytes]; row.Claim != nil && *row.Claim == crash.Claim {
				own = append(own, dbsqlc.LockOrphanedRow(row))
			}
		}
		n = len(own)
		settled, err = settleAll(ctx, q, own, func(id model.ID) crashTexts {
			e := &crashes[id].Execution
			return crashTexts{message: *e.Error, kind: *e.ErrorType, traceback: e.Traceback}
		})
		return err
	})
	if err != nil {
		return 0, nil, err
	}
	return n, settled, nil
}
