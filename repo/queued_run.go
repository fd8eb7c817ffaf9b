package repo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// QueueRuns stores runs as pending, all or none of them. With a tx they are part
// of that transaction, which is the caller's to commit; nil makes one.
func (d *DB) QueueRuns(ctx context.Context, tx pgx.Tx, runs ...model.QueuedRun) error {
	db := batchSender(d.pool) // what is sent at once is one transaction
	if tx != nil {
		db = tx
	}
	return d.fail(queueRuns(ctx, db, runs), "queue %d runs", len(runs))
}

// batchSender is a transaction or a pool.
type batchSender interface {
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// pendingTable has the columns of an execution that has not begun.
var pendingTable = executionTable.without("output_data", "error", "error_type", "traceback", "started_at", "completed_at", "duration_us", "server")

// queueRun stores an execution, and its row in the queue.
var queueRun = `WITH pending AS (` + pendingTable.insert(7) + `)
INSERT INTO queued_runs
    (execution_id, tenant, function_name, trigger_type, trigger_id, parent_id, created_at, priority, due, run_at, chain, policy, request, input)
VALUES (` + pendingTable.parameters(7, "id", "tenant", "function_name", "trigger_type", "trigger_id", "parent_id", "created_at") + `,
    $1, $2::bigint <= 0, now() + $2::bigint * interval '1 microsecond', $3, $4, $5, $6)`

func queueRuns(ctx context.Context, db batchSender, runs []model.QueuedRun) error {
	var batch pgx.Batch
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

// Limits say how much Dispatch may hand over.
type Limits struct {
	PerFunction int // runs of one function under way
	PerTenant   int // runs of one subtenant under way
	PerServer   int // runs under way for each server that is there
	Ahead       int // runs besides those, so that no server waits for the next hand-over
	AtOnce      int // in one call
}

// many is how many runs are handed over at a time where surely others wait.
const many = 32

// Dispatch picks runs that wait and may start, fairly between subtenants, and
// lets hand give them to the queue through tx; it answers with the numbers of
// the hand-overs, in the same order. All of it is committed at once. It returns
// how many there were, and whether any may be left that could not go yet.
//
// With look it first makes due those whose time has come, and looks whether there
// is anything to do at all: mostly there is not, which is found out without a lock.
func (d *DB) Dispatch(ctx context.Context, limits Limits, look bool, hand Hand) (handed int, left bool, err error) {
	if look {
		if left, err = dbsqlc.New(d.queue).MakeDue(ctx); err != nil || !left {
			return 0, false, d.fail(err, "look whether runs wait")
		}
	}
	err = d.inDispatchTx(ctx, func(tx pgx.Tx, q *dbsqlc.Queries) error {
		ids, err := q.PickRuns(ctx, dbsqlc.PickRunsParams{
			PerFunction: int32(limits.PerFunction), PerTenant: int32(limits.PerTenant), PerServer: int32(limits.PerServer),
			Ahead: int32(limits.Ahead), RowLimit: int32(limits.AtOnce),
		})
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return nil
		}
		jobs, err := hand(ctx, tx, each(ids, func(id pgtype.UUID) model.ID { return id.Bytes }))
		if err != nil {
			return err
		}
		handed = len(ids)
		return handRuns(ctx, q, ids, jobs)
	})
	switch {
	case err != nil:
		return 0, false, d.fail(err, "hand runs to the queue")
	case handed >= many: // it is not worth asking
		return handed, true, nil
	}
	left, err = dbsqlc.New(d.queue).AnyDue(ctx)
	return handed, left, d.fail(err, "look whether runs wait")
}

// handRuns notes that runs were handed over, and as what.
func handRuns(ctx context.Context, q *dbsqlc.Queries, runs []pgtype.UUID, jobs []int64) error {
	handed := make([]Handover, len(runs))
	for i, run := range runs {
		handed[i] = Handover{ID: run.Bytes, Job: jobs[i]}
	}
	slices.SortFunc(handed, func(a, b Handover) int { return compareIDs(a.ID, b.ID) })
	ids, jobs := handovers(handed)
	return q.HandRuns(ctx, jobs, ids)
}

// Handover names one giving of a run to a server.
type Handover struct {
	ID  model.ID
	Job int64
}

// ClaimRuns makes server the one that runs what it was handed. What is missing
// in the answer is not its to run: cancelled, or handed to someone else since,
// or server was declared gone. again says that the last try, or a part of it,
// may have been committed: what server has of claims is then in the answer too.
// With an error the answer is of those that are surely claimed.
func (d *DB) ClaimRuns(ctx context.Context, server model.ID, claims []Handover, again bool) (map[Handover]model.QueuedRun, error) {
	var rows []dbsqlc.ClaimRunsRow
	q := dbsqlc.New(d.queue)
	err := eachRunOnce(claims, func(h Handover) model.ID { return h.ID }, func(part []Handover) error {
		ids, jobs := handovers(part)
		more, err := q.ClaimRuns(ctx, dbsqlc.ClaimRunsParams{Server: uuid(server), Ids: ids, Jobs: jobs, Again: again})
		rows = append(rows, more...)
		return err
	})
	claimed := make(map[Handover]model.QueuedRun, len(rows))
	for _, r := range rows {
		claimed[Handover{ID: r.ExecutionID.Bytes, Job: *r.Job}] = model.QueuedRun{
			Execution: model.Execution{
				ID: r.ExecutionID.Bytes, Tenant: r.Tenant, FunctionName: r.FunctionName, Trigger: model.Trigger(r.TriggerType),
				TriggerID: r.TriggerID.Bytes, ParentID: r.ParentID.Bytes, CreatedAt: r.CreatedAt, Attempt: int(r.Attempt),
			},
			Input: r.Input, Request: r.Request, Priority: int(r.Priority), Policy: policyOf(r.Policy), Chain: int(r.Chain), Job: *r.Job,
			Cancelled: r.Cancelled,
		}
	}
	return claimed, d.fail(err, "claim %d runs", len(claims))
}

// eachRunOnce calls do with parts of all in which each run is named once, in the
// order of their ids: nearly always with all of them.
func eachRunOnce[T any](all []T, run func(T) model.ID, do func(part []T) error) error {
	for len(all) > 0 {
		named := make(map[model.ID]bool, len(all))
		var part, rest []T
		for _, one := range all {
			if named[run(one)] {
				rest = append(rest, one)
				continue
			}
			named[run(one)] = true
			part = append(part, one)
		}
		slices.SortFunc(part, func(a, b T) int { return compareIDs(run(a), run(b)) })
		if err := do(part); err != nil {
			return err
		}
		all = rest
	}
	return nil
}

// compareIDs is PostgreSQL's order.
func compareIDs(a, b model.ID) int { return bytes.Compare(a[:], b[:]) }

func handovers(all []Handover) (ids []pgtype.UUID, jobs []int64) {
	ids, jobs = make([]pgtype.UUID, 0, len(all)), make([]int64, 0, len(all))
	for _, h := range all {
		ids, jobs = append(ids, uuid(h.ID)), append(jobs, h.Job)
	}
	return ids, jobs
}

// LeaveRuns has runs wait again that were handed to server and that it has not
// claimed; with anyway false only where another server could take them. It
// returns how many there were.
func (d *DB) LeaveRuns(ctx context.Context, server model.ID, handed []Handover, anyway bool) (int, error) {
	ids, jobs := handovers(handed)
	n, err := ofQueue(d.pool).LeaveRuns(ctx, dbsqlc.LeaveRunsParams{Ids: ids, Jobs: jobs, Anyway: anyway, Server: uuid(server)})
	return int(n), d.fail(err, "leave %d runs to other servers", len(handed))
}

// LeaveLost has runs wait again that the queue believes to be with server, and
// that server does not know of: of what it gave, the answer got lost. known says of a
// hand-over whether the server has it; it is asked of each that the queue has. Those
// that it has not are lost when they were already suspects, as returned by the
// call before: the answer may still be on its way.
func (d *DB) LeaveLost(ctx context.Context, server model.ID, suspects []int64, known func(job int64) bool) (next []int64, lost int, err error) {
	jobs, err := ofQueue(d.pool).ListJobsOf(ctx, server.String())
	if err != nil {
		return suspects, 0, d.fail(err, "list what the queue gave to server %s", server)
	}
	var missing []int64
	for _, job := range jobs {
		switch {
		case known(job):
		case slices.Contains(suspects, job):
			missing = append(missing, job)
		default:
			next = append(next, job)
		}
	}
	if len(missing) == 0 {
		return next, 0, nil
	}
	n, err := ofQueue(d.pool).LeaveLost(ctx, missing)
	return next, int(n), d.fail(err, "return what the queue has lost on its way to server %s", server)
}

// ReturnRun puts a claimed run that was not begun back among those that wait.
func (d *DB) ReturnRun(ctx context.Context, h Handover, delay time.Duration) error {
	return d.fail(ofQueue(d.pool).ReturnRun(ctx, delay.Microseconds(), uuid(h.ID), &h.Job), "return run %s", h.ID)
}
