package repo

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"maestro/internal/model"
)

// Enqueue stores runs as pending, all or none of them. With a tx they are part
// of that transaction, which is the caller's to commit; nil makes one.
func (d *DB) Enqueue(ctx context.Context, tx pgx.Tx, runs ...model.QueuedRun) error {
	db := batchSender(d.pool) // one batch is one transaction
	if tx != nil {
		db = tx
	}
	return d.fail(enqueue(ctx, db, runs), "enqueue %d runs", len(runs))
}

// batchSender is a transaction or a pool.
type batchSender interface {
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// pendingTable has the columns of an execution that has not begun.
var pendingTable = executionTable.without("output_data", "error", "error_type", "traceback", "started_at", "completed_at", "duration_us", "server", "lane", "traceparent")

// queueRun stores an execution, and its row in the queue.
var queueRun = `WITH pending AS (` + pendingTable.insert(7) + `)
INSERT INTO queued_runs
    (execution_id, tenant, function_name, trigger_type, trigger_id, parent_id, created_at, priority, due, run_at, chain, policy, request, input)
VALUES (` + pendingTable.parameters(7, "id", "tenant", "function_name", "trigger_type", "trigger_id", "parent_id", "created_at") + `,
    $1, $2::bigint <= 0, now() + $2::bigint * interval '1 microsecond', $3, $4, $5, $6)`

func enqueue(ctx context.Context, db batchSender, runs []model.QueuedRun) error {
	var batch pgx.Batch
	now := time.Now()
	for _, run := range runs {
		policy, err := policyJSON(run.Policy)
		if err != nil {
			return err
		}
		run.Execution.Status, run.Execution.Attempt = model.StatusPending, 1 // of the copy
		row := newExecutionRow(&run.Execution, nil)
		batch.Queue(queueRun, append([]any{
			int16(run.Priority), run.Delay.Microseconds(), int32(run.Chain), policy, run.Request, run.Input,
		}, pendingTable.arguments(&row)...)...)
		if late(run.Execution.ID, now) {
			batch.Queue(noteLateOpen, uuid(run.Execution.ID))
		}
	}
	return db.SendBatch(ctx, &batch).Close()
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
