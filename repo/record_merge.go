package repo

import (
	"context"

	"github.com/jackc/pgx/v5"

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
		err = d.inTx(ctx, func(q *dbsqlc.Queries) error { return upsertRecords(ctx, q, others, server) })
	case len(others) == 0 && !severalStatements(queued): // one is a transaction
		_, err = endQueued(ctx, d.queue, queued, server)
	default:
		err = d.inQueueTx(ctx, func(tx pgx.Tx, q *dbsqlc.Queries) error {
			ended, err := endQueued(ctx, tx, queued, server)
			if err != nil {
				return err
			}
			if err := noteScheduleResults(ctx, q, ended); err != nil {
				return err
			}
			return upsertRecords(ctx, q, others, server)
		})
	}
	return d.fail(err, "merge %d records", len(records))
}

func upsertRecords(ctx context.Context, q *dbsqlc.Queries, records []*model.Record, server string) error {
	var executions []dbsqlc.UpsertExecutionParams
	var steps []dbsqlc.UpsertStepParams
	for _, record := range records {
		if !record.StepsOnly {
			executions = append(executions, executionParams(&record.Execution, server))
		}
		for i := range record.Steps {
			steps = append(steps, stepParams(&record.Steps[i], record.Execution.Tenant))
		}
	}
	var failed error
	keep := func(_ int, err error) {
		if failed == nil {
			failed = err
		}
	}
	if len(executions) > 0 {
		q.UpsertExecution(ctx, executions).Exec(keep)
	}
	if failed == nil && len(steps) > 0 {
		q.UpsertStep(ctx, steps).Exec(keep)
	}
	return failed
}

// MarkRunning writes executions that are under way on server. A row that has
// come to its end stays as it is.
func (d *DB) MarkRunning(ctx context.Context, executions []*model.Execution, server string) error {
	params := make([]dbsqlc.UpsertRunningParams, len(executions))
	for i, e := range executions {
		params[i] = dbsqlc.UpsertRunningParams{
			ID: uuid(e.ID), Tenant: e.Tenant, FunctionName: e.FunctionName, FunctionVersion: int32(e.FunctionVersion),
			TriggerType: string(e.Trigger), TriggerID: uuid(e.TriggerID), Status: string(model.StatusRunning),
			InputData: e.Input, CreatedAt: e.CreatedAt, StartedAt: moment(e.StartedAt), Attempt: int32(e.Attempt),
			ParentID: uuid(e.ParentID), Server: text(server), RecordComplete: e.RecordComplete,
		}
	}
	var failed error
	d.q.UpsertRunning(ctx, params).Exec(func(_ int, err error) {
		if failed == nil {
			failed = err
		}
	})
	return d.fail(failed, "mark %d executions as running", len(executions))
}

func executionParams(e *model.Execution, server string) dbsqlc.UpsertExecutionParams {
	return dbsqlc.UpsertExecutionParams{
		ID: uuid(e.ID), Tenant: e.Tenant, FunctionName: e.FunctionName, FunctionVersion: int32(e.FunctionVersion),
		TriggerType: string(e.Trigger), TriggerID: uuid(e.TriggerID), Status: string(e.Status), InputData: e.Input,
		OutputData: e.Output, Error: e.Error, ErrorType: e.ErrorType, Traceback: e.Traceback, CreatedAt: e.CreatedAt,
		StartedAt: moment(e.StartedAt), CompletedAt: moment(e.CompletedAt), DurationUs: e.Duration.Microseconds(),
		Attempt: int32(e.Attempt), ParentID: uuid(e.ParentID), Server: text(server), RecordComplete: e.RecordComplete,
		InputComplete: inputComplete(e),
	}
}

// inputComplete is the column of that name: NULL where record_complete tells.
func inputComplete(e *model.Execution) *bool {
	if e.RecordComplete || !e.InputComplete {
		return nil
	}
	return &e.InputComplete
}

func stepParams(s *model.Step, tenant string) dbsqlc.UpsertStepParams {
	return dbsqlc.UpsertStepParams{
		ExecutionID: uuid(s.ExecutionID), ID: uuid(s.ID), Tenant: tenant, ParentStepID: uuid(s.ParentID),
		Depth: int32(s.Depth), Position: int32(s.Position), Attempt: int32(s.Attempt), FunctionName: s.FunctionName,
		FunctionVersion: int32(s.FunctionVersion), Status: string(s.Status), InputData: s.Input, OutputData: s.Output,
		Error: s.Error, ErrorType: s.ErrorType, Traceback: s.Traceback, StartedAt: moment(s.StartedAt),
		CompletedAt: moment(s.CompletedAt), DurationUs: s.Duration.Microseconds(), RecordComplete: s.RecordComplete,
	}
}
