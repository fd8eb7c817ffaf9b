package repo

import (
	"context"

	"maestro/internal/model"
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
	return model.NewError(model.CodeExecutionNotFound, "There is no execution with that id.")
}
