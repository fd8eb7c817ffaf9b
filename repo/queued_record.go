package repo

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// endRuns ends queued runs: those that still are their server's to end leave
// the queue, or wait for another attempt, and become their records, with their
// steps. They come many at a time, and each way to the database costs as much as a
// run: so it is one statement. IS TRUE has the ids looked up in a hash table, however
// few the planner expects. The ids of $1 and of $3 are in their order, for
// width_bucket to find the place of one by halving. (A plan with claim = … could
// read all that is running.)
var endRuns = `WITH over AS (
    DELETE FROM queued_runs q
    WHERE q.execution_id = ANY ($1::uuid[]) AND q.claim IS NOT DISTINCT FROM ($2::bigint[])[width_bucket(q.execution_id, $1::uuid[])]
    RETURNING q.execution_id
), again AS (
    UPDATE queued_runs q SET claim = NULL, server = NULL, attempt = q.attempt + 1, since = now(),
        due = ($5::bigint[])[width_bucket(q.execution_id, $3::uuid[])] <= 0,
        run_at = now() + ($5::bigint[])[width_bucket(q.execution_id, $3::uuid[])] * interval '1 microsecond'
    WHERE q.execution_id = ANY ($3::uuid[]) AND q.claim IS NOT DISTINCT FROM ($4::bigint[])[width_bucket(q.execution_id, $3::uuid[])]
    RETURNING q.execution_id
), held AS MATERIALIZED (
    SELECT execution_id FROM over UNION ALL SELECT execution_id FROM again
), recorded AS (
    ` + executionTable.insertMany(6, "(r.id IN (SELECT execution_id FROM held)) IS TRUE") + executionTable.update(atEnd, executionTable.open) + `
), stepped AS (
    ` + stepTable.insertMany(6+len(executionTable.columns), "(r.execution_id IN (SELECT execution_id FROM held)) IS TRUE") + stepTable.update(atEnd, stepTable.open) + `
)
SELECT execution_id FROM held`

// severalStatements reports whether it takes more than one to end the runs of
// records: of schedules that want to hear of it, of failures that messages may be
// sent about, or of one run twice.
func severalStatements(records []*model.Record) bool {
	seen := make(map[model.ID]bool, len(records))
	for _, r := range records {
		if e := &r.Execution; e.Trigger == model.TriggerSchedule || e.Status.Failure() && !r.Queued.Retry && !r.Unwatched || seen[e.ID] {
			return true
		}
		seen[r.Execution.ID] = true
	}
	return false
}

// endQueued writes the records of asynchronous runs, and returns the executions
// that have ended. A record is left out if its server no longer holds the claim of
// the run.
func endQueued(ctx context.Context, db dbsqlc.DBTX, records []*model.Record, server string) (ended []model.Execution, err error) {
	err = eachRunOnce(records, func(part []*model.Record) error {
		rows, err := db.Query(ctx, endRuns, slices.Concat(endsOf(part), executionTable.arrays(executionsOf(part, server)), stepTable.arrays(stepsOf(part)))...)
		if err != nil {
			return err
		}
		held, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
		if err != nil {
			return err
		}
		was := make(map[model.ID]bool, len(held))
		for _, id := range held {
			was[id] = true
		}
		for _, r := range part {
			if was[r.Execution.ID] && !r.Queued.Retry {
				ended = append(ended, r.Execution)
			}
		}
		return nil
	})
	return ended, err
}

// endsOf are the claims that records end: those that are over, those that
// another attempt follows, and after how long.
func endsOf(records []*model.Record) []any {
	over, again, delays := noClaims(), noClaims(), []int64{}
	for _, r := range records {
		if r.Queued.Retry {
			again, delays = again.with(r), append(delays, r.Queued.RetryIn.Microseconds())
		} else {
			over = over.with(r)
		}
	}
	return []any{over.runs, over.numbers, again.runs, again.numbers, delays}
}

// claims are runs and the claims by which they were run.
type claims struct {
	runs    []pgtype.UUID
	numbers []int64
}

func noClaims() claims { return claims{[]pgtype.UUID{}, []int64{}} } // nil would be NULL

func (c claims) with(r *model.Record) claims {
	return claims{append(c.runs, uuid(r.Execution.ID)), append(c.numbers, r.Queued.Claim)}
}

// eachRunOnce calls do with parts of records in which each run occurs once, in
// PostgreSQL's order of their ids: nearly always with all of them.
func eachRunOnce(records []*model.Record, do func(part []*model.Record) error) error {
	for len(records) > 0 {
		seen := make(map[model.ID]bool, len(records))
		var part, rest []*model.Record
		for _, r := range records {
			if seen[r.Execution.ID] {
				rest = append(rest, r)
				continue
			}
			seen[r.Execution.ID] = true
			part = append(part, r)
		}
		slices.SortFunc(part, func(a, b *model.Record) int { return bytes.Compare(a.Execution.ID[:], b.Execution.ID[:]) })
		if err := do(part); err != nil {
			return err
		}
		records = rest
	}
	return nil
}

// executionsOf are the rows of records in executions. One that another attempt
// follows waits for it.
func executionsOf(records []*model.Record, server string) []executionRow {
	name := text(server)
	return each(records, func(r *model.Record) executionRow {
		if !r.Queued.Retry {
			return newExecutionRow(&r.Execution, name)
		}
		e := r.Execution
		e.Status, e.Attempt, e.CompletedAt = model.StatusPending, e.Attempt+1, time.Time{}
		return newExecutionRow(&e, name)
	})
}

// stepsOf are the rows of records in step_executions.
func stepsOf(records []*model.Record) (rows []stepRow) {
	for _, r := range records {
		for i := range r.Steps {
			rows = append(rows, stepRow{&r.Steps[i], r.Execution.Tenant})
		}
	}
	return rows
}
