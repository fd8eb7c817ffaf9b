package repo

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
)

// Executions are added to the sums of their minutes after their end, each exactly
// once, by rounds of which one at a time runs among all servers. A round adds a slice:
// those with ids from summed_to up to a moment that is past for every writer.
//
//   - A row that is written more than lateAfter after its id was made is noted in
//     unsummed_runs by the transaction that writes it (run_late.go).
//   - Another one is written earlier than that, in a transaction that gives up after a
//     few seconds. So once all transactions are over that began before a moment, those
//     with ids sumMargin older than the moment are there, or will be noted.
//   - Executions of a slice that are not over go to unsummed_runs as well. A later round
//     adds those that have ended, and deletes the note in the same transaction.
const sumMargin = 20 * time.Second

// idleSums is how far sums may stay behind while there are no executions.
const idleSums = time.Minute

// SumsKept is how long sums are kept.
const SumsKept = 7 * 24 * time.Hour

// SumBarrier is a moment, with what tells when all that was written before is there.
type SumBarrier struct {
	at          time.Time
	transaction int64
}

// NewSumBarrier makes a barrier at the present.
func (d *DB) NewSumBarrier(ctx context.Context) (SumBarrier, error) {
	row, err := d.q.SumBarrier(ctx)
	return SumBarrier{row.At, row.Transaction}, d.fail(err, "make a barrier for the sums")
}

// SumsBefore returns the moment up to which executions can be added, and whether the
// barrier is passed: before that nothing can.
func (d *DB) SumsBefore(ctx context.Context, b SumBarrier) (time.Time, bool, error) {
	oldest, err := d.q.OldestTransaction(ctx)
	return b.at.Add(-sumMargin).Truncate(time.Millisecond), err == nil && oldest > b.transaction, d.fail(err, "look for transactions that are not over")
}

// Summed says what one transaction has added to the sums.
type Summed struct {
	To   time.Time // executions with older ids are in the sums, or noted
	Runs int64     // that were added
}

// SumSlice adds the slice that follows to the sums: executions of at most span, and
// none of upto or later. Where there are none, the slice reaches to the next one.
func (d *DB) SumSlice(ctx context.Context, upto time.Time, span time.Duration) (done Summed, err error) {
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := d.q.WithTx(tx)
		from, err := q.LockSums(ctx)
		if err != nil || !from.Before(upto) {
			done.To = from
			return err
		}
		begin := from
		next, err := q.NextExecutionID(ctx, uuidOrZero(model.FirstIDOf(from)))
		if err != nil {
			return err
		}
		done.To = upto
		if first := model.ID(next.Bytes); !first.IsZero() && first.Time().Before(upto) {
			if first.Time().After(from) {
				from = first.Time()
			}
			if to := from.Add(span); to.Before(upto) {
				done.To = to
			}
			if err := planSums(ctx, tx); err != nil {
				return err
			}
			row := tx.QueryRow(ctx, sumSlice, pgx.QueryExecModeCacheDescribe, uuid(model.FirstIDOf(from)), uuid(model.FirstIDOf(done.To)), done.To.Add(-SumsKept))
			if err := row.Scan(&done.Runs); err != nil {
				return err
			}
		} else if upto.Sub(begin) < idleSums {
			return nil // nothing to write on a server without calls
		}
		return q.NoteSummed(ctx, done.To)
	})
	return done, d.fail(err, "add executions to the sums")
}

// SumNoted adds those of the noted executions that have ended, and looks at so many at
// most, from the id after on. It returns the last one looked at, the zero id at the
// end of the list.
func (d *DB) SumNoted(ctx context.Context, after model.ID, limit int) (last model.ID, added int64, err error) {
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := d.q.WithTx(tx)
		summed, err := q.LockSums(ctx)
		if err != nil {
			return err
		}
		ids, err := q.ListUnsummed(ctx, uuidOrZero(after), uuid(model.FirstIDOf(summed)), int32(limit))
		if err != nil || len(ids) == 0 {
			return err
		}
		from := uuid(model.FirstIDOf(model.ID(ids[0].Bytes).Time()))
		before := uuid(model.FirstIDOf(model.ID(ids[len(ids)-1].Bytes).Time().Add(time.Millisecond)))
		if err := q.ForgetUnsummed(ctx, ids, from, before); err != nil {
			return err
		}
		if len(ids) == limit {
			last = ids[len(ids)-1].Bytes
		}
		if err := planSums(ctx, tx); err != nil {
			return err
		}
		return tx.QueryRow(ctx, sumNoted, pgx.QueryExecModeCacheDescribe, from, before, summed.Add(-SumsKept), ids).Scan(&added)
	})
	return last, added, d.fail(err, "add executions that have ended to the sums")
}

// planSums has the rest of the transaction join by hash. The planner takes the parts of
// a sum for a few rows: they would be compared pair by pair, which takes minutes of a
// core for one execution of 100,000 steps. Where there is no other way, it adds so
// high a cost to a nested loop that it would compile the statement.
func planSums(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "SET LOCAL enable_nestloop = off; SET LOCAL jit = off", pgx.QueryExecModeSimpleProtocol)
	return err
}

// DeleteOldSums deletes the sums of times before kept ones, a batch at a time.
func (d *DB) DeleteOldSums(ctx context.Context, now time.Time) error {
	const batch = 5000
	before := now.Add(-SumsKept)
	for _, remove := range []func(context.Context, time.Time, int32) (int64, error){d.q.DeleteOldRunSums, d.q.DeleteOldCallSums} {
		for {
			n, err := remove(ctx, before, batch)
			if err != nil {
				return d.fail(err, "delete old sums")
			}
			if n < batch {
				break
			}
		}
	}
	return d.fail(d.q.DeleteOldRunMarks(ctx, before), "delete old sums")
}

// uuidOrZero is an id of which the zero one is no NULL.
func uuidOrZero(id model.ID) pgtype.UUID { return pgtype.UUID{Bytes: id, Valid: true} }

// The statements of a slice, and of noted executions, differ in what they find. $1
// and $2 bound the ids, $3 is the first moment whose sums are kept, $4 are noted ids.
var (
	sumSlice = sumStatement(
		"NOT EXISTS (SELECT 1 FROM unsummed_runs u WHERE u.id = e.id)",
		"s.execution_id >= $1::uuid AND s.execution_id < $2::uuid",
		"INSERT INTO unsummed_runs (id) SELECT f.id FROM found f WHERE f.status IN ('pending', 'running') ON CONFLICT DO NOTHING")
	sumNoted = sumStatement(
		"e.id = ANY ($4::uuid[])",
		"s.execution_id = ANY ($4::uuid[])",
		"DELETE FROM unsummed_runs u USING taken t WHERE u.id = t.id")
)

// sumStatement builds a statement; its parts see the same rows. A step lies in the
// range of ids of its execution.
func sumStatement(found, steps, note string) string {
	return `WITH found AS MATERIALIZED (
    SELECT e.id, e.tenant, e.function_name, e.status, e.duration_us, e.trigger_type, e.trigger_id, e.parent_id, e.created_at
    FROM executions e WHERE e.id >= $1::uuid AND e.id < $2::uuid AND ` + found + `
), taken AS MATERIALIZED (
    SELECT f.*, date_bin('1 minute', f.created_at, 'epoch'::timestamptz) AS minute, f.status IN ('failed', 'timed_out', 'crashed') AS failed
    FROM found f WHERE f.status NOT IN ('pending', 'running')
), steps AS MATERIALIZED (
    SELECT s.execution_id, s.id, s.parent_step_id, s.function_name, s.status IN ('failed', 'timed_out', 'crashed') AS failed, s.duration_us
    FROM step_executions s WHERE s.id >= $1::uuid AND s.id < $2::uuid AND ` + steps + `
), calls AS (
    SELECT t.tenant, t.minute, 'function' AS kind, COALESCE(p.function_name, t.function_name) AS caller, s.function_name, s.failed,
        duration_bucket(s.duration_us) AS bucket, count(*) AS calls, sum(s.duration_us) AS duration_us
    FROM steps s JOIN taken t ON t.id = s.execution_id
    LEFT JOIN steps p ON p.execution_id = s.execution_id AND p.id = s.parent_step_id
    WHERE t.minute >= $3 GROUP BY 1, 2, 3, 4, 5, 6, 7
    UNION ALL
    SELECT t.tenant, t.minute, t.trigger_type, CASE WHEN t.trigger_type IN ('webhook', 'schedule') THEN COALESCE(t.trigger_id::text, '')
            WHEN t.trigger_type = 'spawn' THEN COALESCE((SELECT x.function_name FROM executions x WHERE x.id = t.parent_id), '') ELSE '' END,
        t.function_name, t.failed, duration_bucket(t.duration_us), count(*), sum(t.duration_us)
    FROM taken t WHERE t.minute >= $3 GROUP BY 1, 2, 3, 4, 5, 6, 7
), minutes AS (
    SELECT t.tenant, t.minute, t.function_name, t.status, duration_bucket(t.duration_us) AS bucket, count(*) AS runs, sum(t.duration_us) AS duration_us
    FROM taken t WHERE t.minute >= $3 GROUP BY 1, 2, 3, 4, 5
), noted AS (
    ` + note + `
), summed_runs AS (
    INSERT INTO run_sums AS r (tenant, seconds, at, function_name, status, bucket, runs, duration_us)
    SELECT m.tenant, l.seconds, date_bin(l.seconds * interval '1 second', m.minute, 'epoch'::timestamptz), m.function_name, m.status, m.bucket, sum(m.runs), sum(m.duration_us)
    FROM minutes m CROSS JOIN (VALUES (60), (3600)) AS l (seconds) GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (tenant, seconds, at, function_name, status, bucket) DO UPDATE SET runs = r.runs + excluded.runs, duration_us = r.duration_us + excluded.duration_us
), summed_calls AS (
    INSERT INTO call_sums AS r (tenant, seconds, at, kind, caller, function_name, failed, bucket, calls, duration_us)
    SELECT c.tenant, l.seconds, date_bin(l.seconds * interval '1 second', c.minute, 'epoch'::timestamptz), c.kind, c.caller, c.function_name, c.failed, c.bucket, sum(c.calls), sum(c.duration_us)
    FROM calls c CROSS JOIN (VALUES (60), (3600)) AS l (seconds) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ON CONFLICT (tenant, seconds, at, kind, caller, function_name, failed, bucket) DO UPDATE SET calls = r.calls + excluded.calls, duration_us = r.duration_us + excluded.duration_us
), marked AS (
    INSERT INTO run_marks AS m (tenant, function_name, last_run, last_run_at, last_failure, last_failure_at)
    SELECT t.tenant, t.function_name, max(t.id::text)::uuid, max(t.created_at), (max(t.id::text) FILTER (WHERE t.failed))::uuid, max(t.created_at) FILTER (WHERE t.failed)
    FROM taken t WHERE t.minute >= $3 GROUP BY 1, 2
    ON CONFLICT (tenant, function_name) DO UPDATE SET last_run = GREATEST(m.last_run, excluded.last_run), last_run_at = GREATEST(m.last_run_at, excluded.last_run_at),
        last_failure = GREATEST(m.last_failure, excluded.last_failure), last_failure_at = GREATEST(m.last_failure_at, excluded.last_failure_at)
)
SELECT count(*) FROM taken`
}
