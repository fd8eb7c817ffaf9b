package repo

import (
	"bytes"
	"context"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"maestro/internal/model"
)

// CopyRecords writes records that have no row yet, all or none of them, with
// the server's name. COPY is the fastest way in: docs/adr/0004-durable-tracking.md
// has the figures. One row that is there already, or that can't be stored
// (IsDataError), fails them all: MergeRecords is for those.
func (d *DB) CopyRecords(ctx context.Context, records []*model.Record, server string) error {
	executions, steps := copyBuffers.Get().(*copyBuffer), copyBuffers.Get().(*copyBuffer)
	if err := d.copyRecords(ctx, records, server, executions, steps); err != nil {
		// Not back into the pool: when the connection breaks, pgx returns while
		// its own goroutine may still be reading them.
		return err
	}
	executions.free()
	steps.free()
	return nil
}

func (d *DB) copyRecords(ctx context.Context, records []*model.Record, server string, executions, steps *copyBuffer) error {
	executions.begin()
	steps.begin()
	hasExecutions, hasSteps := false, false
	for _, record := range records {
		if !record.StepsOnly {
			hasExecutions = true
			executions.execution(&record.Execution, server)
		}
		for i := range record.Steps {
			hasSteps = true
			steps.step(&record.Steps[i], record.Execution.Tenant)
		}
	}
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return d.fail(err, "copy %d records", len(records))
	}
	defer conn.Release() // which closes a connection whose transaction is open
	raw := conn.Conn().PgConn()
	if !hasSteps {
		return d.fail(copyTo(ctx, raw, copyExecutions, executions), "copy %d executions", len(records))
	}
	if !hasExecutions {
		return d.fail(copyTo(ctx, raw, copySteps, steps), "copy steps of %d executions", len(records))
	}
	// Two round trips: COPY takes one query each.
	if err := copyTo(ctx, raw, "BEGIN; "+copySteps, steps); err != nil {
		return d.fail(rollback(ctx, raw, err), "copy steps of %d executions", len(records))
	}
	if err := copyTo(ctx, raw, copyExecutions+"; COMMIT", executions); err != nil {
		return d.fail(rollback(ctx, raw, err), "copy %d executions", len(records))
	}
	return nil
}

const (
	copyExecutions = `COPY executions (id, tenant, function_name, function_version, trigger_type, trigger_id, status,
input_data, output_data, error, error_type, traceback, created_at, started_at, completed_at, duration_us, attempt,
parent_id, server, record_complete, input_complete) FROM STDIN (FORMAT binary)`
	copySteps = `COPY step_executions (execution_id, id, tenant, parent_step_id, depth, position, attempt, function_name,
function_version, status, input_data, output_data, error, error_type, traceback, started_at, completed_at, duration_us,
record_complete) FROM STDIN (FORMAT binary)`
)

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

func (b *copyBuffer) execution(e *model.Execution, server string) {
	b.row(21)
	b.id(e.ID)
	b.text(e.Tenant)
	b.text(e.FunctionName)
	b.int4(e.FunctionVersion)
	b.text(string(e.Trigger))
	b.idOrNull(e.TriggerID)
	b.text(string(e.Status))
	b.json(e.Input)
	b.json(e.Output)
	b.textOrNull(e.Error)
	b.textOrNull(e.ErrorType)
	b.textOrNull(e.Traceback)
	b.time(e.CreatedAt)
	b.time(e.StartedAt)
	b.time(e.CompletedAt)
	b.int8(e.Duration.Microseconds())
	b.int4(e.Attempt)
	b.idOrNull(e.ParentID)
	b.textOrNull(text(server))
	b.bool(e.RecordComplete)
	if whole := inputComplete(e); whole != nil {
		b.bool(*whole)
	} else {
		b.null()
	}
}

func (b *copyBuffer) step(s *model.Step, tenant string) {
	b.row(19)
	b.id(s.ExecutionID)
	b.id(s.ID)
	b.text(tenant)
	b.idOrNull(s.ParentID)
	b.int4(s.Depth)
	b.int4(s.Position)
	b.int4(s.Attempt)
	b.text(s.FunctionName)
	b.int4(s.FunctionVersion)
	b.text(string(s.Status))
	b.json(s.Input)
	b.json(s.Output)
	b.textOrNull(s.Error)
	b.textOrNull(s.ErrorType)
	b.textOrNull(s.Traceback)
	b.time(s.StartedAt)
	b.time(s.CompletedAt)
	b.int8(s.Duration.Microseconds())
	b.bool(s.RecordComplete)
}

var copyBuffers = sync.Pool{New: func() any { return new(copyBuffer) }}
