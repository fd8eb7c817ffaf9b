package repo

import (
	"context"
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// Execution returns one execution, or CodeExecutionNotFound.
func (d *DB) Execution(ctx context.Context, tenant string, id model.ID) (model.Execution, error) {
	row, err := d.q.GetExecution(ctx, tenant, uuid(id))
	if noRows(err) {
		return model.Execution{}, errExecutionNotFound()
	}
	return execution(row), d.fail(err, "load execution %s", id)
}

// Steps returns the steps of an execution in start order and the cursor of the
// next page, or CodeExecutionNotFound. A step's id must have been made from
// its execution's time: only that day is read.
func (d *DB) Steps(ctx context.Context, tenant string, executionID model.ID, page Page) ([]model.Step, string, error) {
	after, err := page.afterStep()
	if err != nil {
		return nil, "", err
	}
	day := executionID.Time().Truncate(partitionSpan)
	rows, err := d.lists.ListSteps(ctx, dbsqlc.ListStepsParams{
		Tenant: tenant, ExecutionID: uuid(executionID), FromID: uuid(model.FirstIDOf(day)),
		BeforeID: uuid(model.FirstIDOf(day.Add(partitionSpan))), AfterAttempt: after.attempt, AfterPosition: after.position,
		RowOffset: int32(page.Offset), RowLimit: page.limit(),
	})
	if err != nil {
		return nil, "", d.fail(err, "list steps of execution %s", executionID)
	}
	if len(rows) == 0 {
		exists, err := d.q.ExecutionExists(ctx, tenant, uuid(executionID))
		if err != nil || !exists {
			return nil, "", d.fail(orNotFound(err, errExecutionNotFound()), "look for execution %s", executionID)
		}
	}
	rows, next := cut(page, rows, stepKey)
	return each(rows, step), next, nil
}

func errExecutionNotFound() error {
	return model.NewError(model.CodeExecutionNotFound, "There is no execution of that id.")
}

func execution(r dbsqlc.Execution) model.Execution {
	return model.Execution{
		ID: r.ID.Bytes, Tenant: r.Tenant, FunctionName: r.FunctionName, FunctionVersion: int(r.FunctionVersion),
		Trigger: model.Trigger(r.TriggerType), TriggerID: r.TriggerID.Bytes, Status: model.Status(r.Status),
		Input: r.InputData, Output: r.OutputData, Error: r.Error, ErrorType: r.ErrorType, Traceback: r.Traceback,
		CreatedAt: r.CreatedAt, StartedAt: timeOf(r.StartedAt), CompletedAt: timeOf(r.CompletedAt),
		Duration: time.Duration(r.DurationUs) * time.Microsecond, Attempt: int(r.Attempt), ParentID: r.ParentID.Bytes,
		RecordComplete: r.RecordComplete, InputComplete: r.RecordComplete || r.InputComplete != nil && *r.InputComplete,
	}
}
