package repo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// Enqueue stores runs as pending, all or none of them. With a tx they are part
// of that transaction, which is the caller's to commit; nil makes one.
func (d *DB) Enqueue(ctx context.Context, tx pgx.Tx, runs ...model.QueuedRun) error {
	q := d.q // what is sent at once is one transaction
	if tx != nil {
		q = q.WithTx(tx)
	}
	return d.fail(enqueue(ctx, q, runs), "enqueue %d runs", len(runs))
}

func enqueue(ctx context.Context, q *dbsqlc.Queries, runs []model.QueuedRun) error {
	params := make([]dbsqlc.QueueRunParams, len(runs))
	for i, run := range runs {
		e := &run.Execution
		policy, err := policyJSON(run.Policy)
		if err != nil {
			return err
		}
		params[i] = dbsqlc.QueueRunParams{
			ID: uuid(e.ID), Tenant: e.Tenant, FunctionName: e.FunctionName, FunctionVersion: int32(e.FunctionVersion),
			TriggerType: string(e.Trigger), TriggerID: uuid(e.TriggerID), InputData: e.Input, CreatedAt: e.CreatedAt,
			ParentID: uuid(e.ParentID), RecordComplete: e.RecordComplete, Priority: int16(run.Priority),
			DelayUs: run.Delay.Microseconds(), Chain: int32(run.Chain), Policy: policy, Request: run.Request, Input: run.Input,
		}
	}
	var failed error
	q.QueueRun(ctx, params).Exec(func(_ int, err error) {
		if failed == nil {
			failed = err
		}
	})
	return failed
}

func policyJSON(policy *model.RetryPolicy) ([]byte, error) {
	if policy == nil {
		return nil, nil
	}
	text, err := json.Marshal(policy)
	if err != nil {
		return nil, fmt.Errorf("encode a retry policy: %w", err)
	}
	return text, nil
}

// policyOf reads what policyJSON or the API wrote; it was checked then.
func policyOf(text []byte) *model.RetryPolicy {
	policy, problems := model.ParseRetryPolicy(text)
	if len(problems) > 0 {
		return nil
	}
	return policy
}

// QueuedCount is how many runs of a subtenant wait: counted up to most, of those that
// may begin and of those that may not yet.
func (d *DB) QueuedCount(ctx context.Context, tenant string, most int) (int, error) {
	n, err := ofQueue(d.pool).CountQueued(ctx, tenant, int32(most))
	return int(n), d.fail(err, "count the queued runs of %s", tenant)
}

// QueuedOf is how many runs that a schedule has started wait or are under way.
// tx may be nil.
func (d *DB) QueuedOf(ctx context.Context, tx pgx.Tx, tenant string, triggerID model.ID) (int, error) {
	q := ofQueue(d.pool)
	if tx != nil {
		q = ofQueue(tx)
	}
	n, err := q.CountQueuedOf(ctx, tenant, uuid(triggerID))
	return int(n), d.fail(err, "count the queued runs of %s", triggerID)
}
