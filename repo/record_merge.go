package repo

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// MergeRecords writes records that may have a row already, all or none of
// them: a row that is pending or running becomes the record, one that has come
// to its end stays as it is. So does that of a queued run which was taken away
// from the server that made the record. It is slower than CopyRecords.
func (d *DB) MergeRecords(ctx context.Context, records []*model.Record, server string) error {
	var queued, others []*model.Record
	for _, record := range records {
		if record.Queued != nil {
			queued = append(queued, record)
		} else {
			others = append(others, record)
		}
	}
	var err error
	switch {
	case len(queued) == 0:
		err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error { return upsertRecords(ctx, tx, others, server) })
	case len(others) == 0 && !severalStatements(queued): // one is a transaction
		_, err = endQueued(ctx, d.queue, queued, server)
	default:
		err = d.inQueueTx(ctx, func(tx pgx.Tx, q *dbsqlc.Queries) error {
			ended, err := endQueued(ctx, tx, queued, server)
			if err != nil {
				return err
			}
			if err := signalFailures(ctx, q, pointers(ended)); err != nil {
				return err
			}
			if err := noteScheduleResults(ctx, q, ended); err != nil {
				return err
			}
			return upsertRecords(ctx, tx, others, server)
		})
	}
	return d.fail(err, "merge %d records", len(records))
}

var (
	upsertExecution = executionTable.insert(1) + executionTable.update(atEnd, executionTable.open)
	upsertStep      = stepTable.insert(1) + stepTable.update(atEnd, stepTable.open)
	// upsertRunning never changes a row that has come to its end, or that waits for
	// another attempt.
	upsertRunning = executionTable.insert(1) +
		executionTable.update(atBegin, "executions.status = 'pending' AND executions.attempt = excluded.attempt")
)

func upsertRecords(ctx context.Context, tx pgx.Tx, records []*model.Record, server string) error {
	name := text(server)
	var batch pgx.Batch
	var failures, written []*model.Execution
	for _, record := range records {
		if !record.StepsOnly {
			row := newExecutionRow(&record.Execution, name)
			batch.Queue(upsertExecution, executionTable.arguments(&row)...).Exec(func(tag pgconn.CommandTag) error {
				if tag.RowsAffected() == 0 { // it had come to its end before
					return nil
				}
				written = append(written, &record.Execution)
				if record.Execution.Status.Failure() && !record.Unwatched {
					failures = append(failures, &record.Execution)
				}
				return nil
			})
		}
	}
	for _, record := range records {
		for i := range record.Steps {
			batch.Queue(upsertStep, stepTable.arguments(&stepRow{&record.Steps[i], record.Execution.Tenant})...)
		}
	}
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	if behind := lateOf(written); len(behind) > 0 {
		if err := dbsqlc.New(tx).NoteUnsummed(ctx, behind); err != nil {
			return err
		}
	}
	return signalFailures(ctx, dbsqlc.New(tx), failures)
}

// MarkRunning writes executions that are under way on server. A row that has
// come to its end stays as it is.
func (d *DB) MarkRunning(ctx context.Context, executions []*model.Execution, server string) error {
	name, now := text(server), time.Now()
	var batch pgx.Batch
	for _, e := range executions {
		running := *e
		running.Status = model.StatusRunning
		row := newExecutionRow(&running, name)
		batch.Queue(upsertRunning, executionTable.arguments(&row)...)
		if late(e.ID, now) {
			batch.Queue(noteLateOpen, uuid(e.ID))
		}
	}
	return d.fail(d.pool.SendBatch(ctx, &batch).Close(), "mark %d executions as running", len(executions))
}
