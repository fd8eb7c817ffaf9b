package repo

import (
	"context"
	"slices"
	"strconv"
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// Steps returns the steps of an execution in start order and the cursor of the
// next page, or CodeExecutionNotFound. A step's id must be a StepID, or at least
// have been made from its execution's time: only that day is read.
func (d *DB) Steps(ctx context.Context, tenant string, executionID model.ID, page Page) ([]model.Step, string, error) {
	place, err := page.afterStep()
	if err != nil {
		return nil, "", err
	}
	rows, err := d.listSteps(ctx, tenant, executionID, place, page)
	if err == nil && slices.ContainsFunc(rows, isOpen) {
		rows, err = d.listSettledSteps(ctx, tenant, executionID, place, page)
	}
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

// Step returns one step of an execution, or CodeExecutionNotFound.
func (d *DB) Step(ctx context.Context, tenant string, executionID, id model.ID) (model.Step, error) {
	row, err := d.q.GetStep(ctx, tenant, uuid(executionID), uuid(id))
	if noRows(err) {
		return model.Step{}, model.NewError(model.CodeExecutionNotFound, "The execution has no step with that id.")
	}
	if err == nil && isOpen(row) {
		err = d.settle(ctx, tenant, executionID, func(over func(attempt int32) bool) error {
			row, err = d.q.GetStep(ctx, tenant, uuid(executionID), uuid(id)) // once more: its end may have been recorded in between
			if err == nil && isOpen(row) && over(row.Attempt) {
				row.Status = string(model.StatusCrashed)
			}
			return err
		})
	}
	return step(row), d.fail(err, "load step %s of execution %s", id, executionID)
}

func (d *DB) listSteps(ctx context.Context, tenant string, executionID model.ID, place stepPlace, page Page) ([]dbsqlc.StepExecution, error) {
	day := executionID.Time().Truncate(partitionSpan)
	first, last := uuid(model.FirstIDOf(day)), uuid(model.FirstIDOf(day.Add(partitionSpan)))
	unordered, err := d.lists.HasUnorderedSteps(ctx, dbsqlc.HasUnorderedStepsParams{
		Tenant: tenant, ExecutionID: uuid(executionID), AfterID: first, FirstID: uuid(model.StepID(executionID, 1, 0)),
		LastID: uuid(model.FirstIDOf(executionID.Time().Add(time.Millisecond))), BeforeID: last,
	})
	if err != nil {
		return nil, err
	}
	if unordered {
		params := dbsqlc.ListUnorderedStepsParams{
			Tenant: tenant, ExecutionID: uuid(executionID), AfterID: first, BeforeID: last,
			AfterAttempt: place.attempt, AfterPosition: place.position, RowOffset: int32(page.Offset), RowLimit: page.limit(),
		}
		if !page.Brief {
			return d.lists.ListUnorderedSteps(ctx, params)
		}
		rows, err := d.lists.ListUnorderedBriefSteps(ctx, dbsqlc.ListUnorderedBriefStepsParams(params))
		return each(rows, func(r dbsqlc.ListUnorderedBriefStepsRow) dbsqlc.StepExecution {
			return briefStepRow(dbsqlc.ListBriefStepsRow(r))
		}), err
	}
	if place != (stepPlace{}) {
		first = uuid(model.StepID(executionID, int(place.attempt), int(place.position)))
	}
	params := dbsqlc.ListStepsParams{
		Tenant: tenant, ExecutionID: uuid(executionID), AfterID: first, BeforeID: last, RowOffset: int32(page.Offset), RowLimit: page.limit(),
	}
	if !page.Brief {
		return d.lists.ListSteps(ctx, params)
	}
	rows, err := d.lists.ListBriefSteps(ctx, dbsqlc.ListBriefStepsParams(params))
	return each(rows, briefStepRow), err
}

// briefStepRow is a row that was read without its values.
func briefStepRow(r dbsqlc.ListBriefStepsRow) dbsqlc.StepExecution {
	return dbsqlc.StepExecution{
		ExecutionID: r.ExecutionID, ID: r.ID, Tenant: r.Tenant, ParentStepID: r.ParentStepID, Depth: r.Depth, Position: r.Position, Attempt: r.Attempt,
		FunctionName: r.FunctionName, FunctionVersion: r.FunctionVersion, Status: r.Status, ErrorType: r.ErrorType, StartedAt: r.StartedAt,
		CompletedAt: r.CompletedAt, DurationUs: r.DurationUs, RecordComplete: r.RecordComplete,
	}
}

func isOpen(r dbsqlc.StepExecution) bool { return r.Status == string(model.StatusRunning) }

// listSettledSteps is listSteps of an execution some of whose steps are said to
// run. Where the execution, or that attempt of it, is over, they crashed with
// their server: a run that comes to its end records that of each step with it.
func (d *DB) listSettledSteps(ctx context.Context, tenant string, executionID model.ID, place stepPlace, page Page) (rows []dbsqlc.StepExecution, err error) {
	err = d.settle(ctx, tenant, executionID, func(over func(attempt int32) bool) error {
		rows, err = d.listSteps(ctx, tenant, executionID, place, page) // once more: the end may have been recorded in between
		for i := range rows {
			if isOpen(rows[i]) && over(rows[i].Attempt) {
				rows[i].Status = string(model.StatusCrashed)
			}
		}
		return err
	})
	return rows, err
}

// settle calls read with a function that says whether an attempt of the execution is over.
func (d *DB) settle(ctx context.Context, tenant string, executionID model.ID, read func(over func(attempt int32) bool) error) error {
	e, err := d.q.GetExecution(ctx, tenant, uuid(executionID))
	if err != nil && !noRows(err) {
		return err
	}
	missing := noRows(err)
	return read(func(attempt int32) bool { return !missing && (model.Status(e.Status).Final() || attempt < e.Attempt) })
}

// stepPlace is where a list of steps goes on.
type stepPlace struct{ attempt, position int32 }

func (p Page) afterStep() (stepPlace, error) {
	if p.Cursor == "" {
		return stepPlace{}, nil
	}
	after, err := p.after(2)
	if err != nil {
		return stepPlace{}, err
	}
	attempt, errAttempt := strconv.ParseInt(after[0], 10, 32)
	position, errPosition := strconv.ParseInt(after[1], 10, 32)
	if errAttempt != nil || errPosition != nil || attempt < 0 || position < 0 {
		return stepPlace{}, errBadCursor()
	}
	return stepPlace{int32(attempt), int32(position)}, nil
}

func stepKey(r dbsqlc.StepExecution) []string {
	return []string{strconv.Itoa(int(r.Attempt)), strconv.Itoa(int(r.Position))}
}
