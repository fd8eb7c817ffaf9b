package repo

import (
	"bytes"
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"maestro/internal/model"
)

// CopyRecords writes records that have no row yet, all or none of them, with
// the server's name. COPY is the fastest way in: docs/adr/0004-durable-tracking.md
// has the figures. One row that is there already, or that can't be stored
// (IsDataError), fails them all: MergeRecords is for those.
func (d *DB) CopyRecords(ctx context.Context, records []*model.Record, server string) error {
	rows, steps := copyBuffers.Get().(*copyBuffer), copyBuffers.Get().(*copyBuffer)
	if err := d.copyRecords(ctx, records, server, rows, steps); err != nil {
		// Not back into the pool: when the connection breaks, pgx returns while
		// its own goroutine may still be reading them.
		return err
	}
	rows.free()
	steps.free()
	return nil
}

func (d *DB) copyRecords(ctx context.Context, records []*model.Record, server string, rows, steps *copyBuffer) error {
	rows.begin()
	steps.begin()
	hasExecutions, hasSteps := false, false
	var failures []*model.Execution
	var behind []model.ID
	now := time.Now()
	name := text(server)
	var row executionRow // both escape to the heap, once for all records
	var step stepRow
	for _, record := range records {
		if !record.StepsOnly {
			hasExecutions = true
			row = newExecutionRow(&record.Execution, name)
			executionTable.copyRow(rows, &row)
			if !record.Unwatched && signalled(&record.Execution) {
				failures = append(failures, &record.Execution)
			}
			if late(record.Execution.ID, now) {
				behind = append(behind, record.Execution.ID)
			}
		}
		for i := range record.Steps {
			hasSteps = true
			step = stepRow{&record.Steps[i], record.Execution.Tenant}
			stepTable.copyRow(steps, &step)
		}
	}
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return d.fail(err, "copy %d records", len(records))
	}
	defer conn.Release() // which closes a connection whose transaction is open
	raw := conn.Conn().PgConn()
	// What follows the executions in the same query is of the same transaction.
	after := signalText(failures) + lateText(behind)
	if !hasSteps {
		return d.fail(copyTo(ctx, raw, copyExecutions+after, rows), "copy %d executions", len(records))
	}
	if !hasExecutions {
		return d.fail(copyTo(ctx, raw, copySteps, steps), "copy steps of %d executions", len(records))
	}
	// Two round trips: COPY takes one query each.
	if err := copyTo(ctx, raw, "BEGIN; "+copySteps, steps); err != nil {
		return d.fail(rollback(ctx, raw, err), "copy steps of %d executions", len(records))
	}
	if err := copyTo(ctx, raw, copyExecutions+after+"; COMMIT", rows); err != nil {
		return d.fail(rollback(ctx, raw, err), "copy %d executions", len(records))
	}
	return nil
}

var copyExecutions, copySteps = executionTable.copy(), stepTable.copy()

func copyTo(ctx context.Context, conn *pgconn.PgConn, sql string, b *copyBuffer) error {
	b.end()
	_, err := conn.CopyFrom(ctx, bytes.NewReader(b.data), sql)
	return err
}

// rollback ends the failed transaction, so that the connection can be used
// again, and returns the error that failed it.
func rollback(ctx context.Context, conn *pgconn.PgConn, cause error) error {
	if !conn.IsClosed() {
		_, _ = conn.Exec(ctx, "ROLLBACK").ReadAll()
	}
	return cause
}
