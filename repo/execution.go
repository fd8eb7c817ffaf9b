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
