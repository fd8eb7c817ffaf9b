package repo

import (
	"context"
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// ExecutionFilter narrows ListExecutions; zero values narrow nothing.
type ExecutionFilter struct {
	FunctionName string
	Statuses     []model.Status
	Trigger      model.Trigger
	TriggerID    model.ID
	Since, Until time.Time // of creation, both included
	Page
}

// Execution returns one execution, or CodeExecutionNotFound.
func (d *DB) Execution(ctx context.Context, tenant string, id model.ID) (model.Execution, error) {
	row, err := d.q.GetExecution(ctx, tenant, uuid(id))
	if noRows(err) {
		return model.Execution{}, errExecutionNotFound()
	}
	return execution(row), d.fail(err, "load execution %s", id)
}

// ListExecutions returns executions, newest first, and the cursor of the next
// page.
func (d *DB) ListExecutions(ctx context.Context, tenant string, filter ExecutionFilter) ([]model.Execution, string, error) {
	from, before, err := filter.bounds()
	if err != nil {
		return nil, "", err
	}
	params := dbsqlc.ListExecutionsParams{
		Tenant: tenant, FromID: uuid(from), BeforeID: uuid(before), FunctionName: text(filter.FunctionName),
		TriggerType: text(string(filter.Trigger)), TriggerID: uuid(filter.TriggerID),
		Since: moment(filter.Since), Until: moment(filter.Until), RowOffset: int32(filter.Offset), RowLimit: filter.limit(),
	}
	for _, status := range filter.Statuses {
		params.Statuses = append(params.Statuses, string(status))
	}
	// from_id may be the zero UUID, which is a value here and not NULL.
	params.FromID.Valid = true
	rows, err := d.lists.ListExecutions(ctx, params)
	if err != nil {
		return nil, "", d.fail(err, "list executions of %s", tenant)
	}
	rows, next := cut(filter.Page, rows, func(r dbsqlc.Execution) []string { return []string{model.ID(r.ID.Bytes).String()} })
	return each(rows, execution), next, nil
}

// clockSlack is how far an execution's id and its created_at may lie apart.
const clockSlack = time.Minute

// bounds turns times and cursor into a range of ids, so that only the
// partitions in question are read.
func (f ExecutionFilter) bounds() (from, before model.ID, err error) {
	if !f.Since.IsZero() {
		from = model.FirstIDOf(f.Since.Add(-clockSlack))
	}
	before = lastID
	if !f.Until.IsZero() {
		before = model.FirstIDOf(f.Until.Add(clockSlack))
	}
	if f.Cursor == "" {
		return from, before, nil
	}
	after, err := f.after(1)
	if err != nil {
		return from, before, err
	}
	last, err := model.ParseID(after[0])
	if err != nil {
		return from, before, errBadCursor()
	}
	if last.String() < before.String() {
		before = last
	}
	return from, before, nil
}

var lastID = model.ID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

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
