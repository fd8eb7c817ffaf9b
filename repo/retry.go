package repo

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// Retriable is an execution that may be run again.
type Retriable struct {
	ID            model.ID
	Function      string
	TriggerID     model.ID
	TraceParent   string // of its span; empty: it is not in the traces
	InputComplete bool   // false: it can't be
	Callable      bool   // false: its function is gone
	Bytes         int    // of its input
}

// Retriable lists executions that match the filter, by its statuses too, and
// that were not run again yet, oldest first: those after the one with the id
// after, at most limit.
func (d *DB) Retriable(ctx context.Context, tenant string, filter ExecutionFilter, after model.ID, limit int) ([]Retriable, error) {
	from, before := filter.bounds()
	if after.String() > from.String() {
		from = after
	}
	params := dbsqlc.ListRetriableParams{
		Tenant: tenant, FromID: uuid(from), BeforeID: uuid(before), FunctionName: text(filter.FunctionName),
		TriggerType: text(string(filter.Trigger)), TriggerID: uuid(filter.TriggerID),
		ParentID: uuid(filter.ParentID), ErrorType: text(filter.ErrorType), MinDurationUs: microseconds(filter.MinDuration),
		Since: moment(filter.Since), Until: moment(filter.Until), RowLimit: int32(limit),
	}
	for _, status := range filter.Statuses {
		params.Statuses = append(params.Statuses, string(status))
	}
	params.FromID.Valid = true // the zero UUID is a value here
	rows, err := d.lists.ListRetriable(ctx, params)
	return each(rows, func(r dbsqlc.ListRetriableRow) Retriable {
		return Retriable{
			ID: r.ID.Bytes, Function: r.FunctionName, TriggerID: r.TriggerID.Bytes, TraceParent: wordOf(r.Traceparent),
			InputComplete: r.InputComplete, Callable: r.Callable, Bytes: int(r.Bytes),
		}
	}), d.fail(err, "list executions of %s to run again", tenant)
}

// Inputs returns the recorded inputs of executions, which are in the order of
// their ids; those of deleted executions are missing.
func (d *DB) Inputs(ctx context.Context, tenant string, of []Retriable) (map[model.ID]json.RawMessage, error) {
	if len(of) == 0 {
		return nil, nil
	}
	rows, err := d.lists.ListInputs(ctx, dbsqlc.ListInputsParams{
		Tenant: tenant, Ids: each(of, func(r Retriable) pgtype.UUID { return uuid(r.ID) }), FromID: uuid(of[0].ID), LastID: uuid(of[len(of)-1].ID),
	})
	inputs := make(map[model.ID]json.RawMessage, len(rows))
	for _, row := range rows {
		inputs[row.ID.Bytes] = row.InputData
	}
	return inputs, d.fail(err, "read %d inputs of %s", len(of), tenant)
}

// QueueRetries stores runs as pending, each of which runs the execution again
// that is its parent, unless that was run again meanwhile. It
// returns how many were stored; all are in one commit. They are one subtenant's.
func (d *DB) QueueRetries(ctx context.Context, tenant string, runs []model.QueuedRun) (stored int, err error) {
	if len(runs) == 0 {
		return 0, nil
	}
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := d.q.WithTx(tx)
		noted, err := q.NoteRetries(ctx, tenant,
			each(runs, func(r model.QueuedRun) pgtype.UUID { return uuid(r.Execution.ParentID) }),
			each(runs, func(r model.QueuedRun) pgtype.UUID { return uuid(r.Execution.ID) }))
		if err != nil {
			return err
		}
		ours := make(map[model.ID]bool, len(noted))
		for _, id := range noted {
			ours[id.Bytes] = true
		}
		var wanted []model.QueuedRun
		for _, run := range runs {
			if ours[run.Execution.ParentID] {
				wanted = append(wanted, run)
			}
		}
		stored = len(wanted)
		if stored == 0 {
			return nil
		}
		return enqueue(ctx, tx, wanted)
	})
	if err != nil {
		return 0, d.fail(err, "queue %d retries", len(runs))
	}
	return stored, nil
}

// NoteRetry remembers that an execution was run again, as retry.
func (d *DB) NoteRetry(ctx context.Context, tenant string, id, retry model.ID) error {
	return d.fail(d.q.NoteRetry(ctx, tenant, uuid(id), uuid(retry)), "note the retry of %s", id)
}
