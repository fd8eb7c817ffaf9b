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
// run: so it is one statement. Version 0 stands for that of the row: the
// function is gone by now. IS TRUE has the ids looked up in a hash table, however
// few the planner expects. The ids of $1 and of $3 are in their order, for
// width_bucket to find the place of one by halving. (A plan with claim = … could read all that is running.) The SQL is not with the other
// queries because its generator knows no arrays whose elements may be NULL.
const endRuns = `WITH over AS (
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
    INSERT INTO executions AS e
        (id, tenant, function_name, function_version, trigger_type, trigger_id, status, input_data, output_data, error, error_type,
         traceback, created_at, started_at, completed_at, duration_us, attempt, parent_id, server, record_complete, input_complete)
    SELECT r.id, r.tenant, r.function_name, r.function_version, r.trigger_type, r.trigger_id, r.status, r.input_data::json,
        r.output_data::json, r.error, r.error_type, r.traceback, r.created_at, r.started_at, r.completed_at, r.duration_us, r.attempt,
        r.parent_id, $6::text, r.record_complete, r.input_complete
    FROM unnest($7::uuid[], $8::text[], $9::text[], $10::integer[], $11::text[], $12::uuid[], $13::text[], $14::text[], $15::text[],
        $16::text[], $17::text[], $18::text[], $19::timestamptz[], $20::timestamptz[], $21::timestamptz[], $22::bigint[],
        $23::integer[], $24::uuid[], $25::boolean[], $26::boolean[])
        AS r (id, tenant, function_name, function_version, trigger_type, trigger_id, status, input_data, output_data, error, error_type,
         traceback, created_at, started_at, completed_at, duration_us, attempt, parent_id, record_complete, input_complete)
    WHERE (r.id IN (SELECT execution_id FROM held)) IS TRUE
    ON CONFLICT (id) DO UPDATE
    SET status = excluded.status, function_version = COALESCE(NULLIF(excluded.function_version, 0), e.function_version),
        input_data = excluded.input_data, output_data = excluded.output_data, error = excluded.error,
        error_type = excluded.error_type, traceback = excluded.traceback, started_at = excluded.started_at,
        completed_at = excluded.completed_at, duration_us = excluded.duration_us, attempt = excluded.attempt,
        server = excluded.server, record_complete = excluded.record_complete, input_complete = excluded.input_complete
    WHERE e.status IN ('pending', 'running')
), stepped AS (
    INSERT INTO step_executions
        (execution_id, id, tenant, parent_step_id, depth, position, attempt, function_name, function_version, status, input_data,
         output_data, error, error_type, traceback, started_at, completed_at, duration_us, record_complete)
    SELECT r.execution_id, r.id, r.tenant, r.parent_step_id, r.depth, r.position, r.attempt, r.function_name, r.function_version,
        r.status, r.input_data::json, r.output_data::json, r.error, r.error_type, r.traceback, r.started_at, r.completed_at,
        r.duration_us, r.record_complete
    FROM unnest($27::uuid[], $28::uuid[], $29::text[], $30::uuid[], $31::integer[], $32::integer[], $33::integer[], $34::text[],
        $35::integer[], $36::text[], $37::text[], $38::text[], $39::text[], $40::text[], $41::text[], $42::timestamptz[],
        $43::timestamptz[], $44::bigint[], $45::boolean[])
        AS r (execution_id, id, tenant, parent_step_id, depth, position, attempt, function_name, function_version, status, input_data,
         output_data, error, error_type, traceback, started_at, completed_at, duration_us, record_complete)
    WHERE (r.execution_id IN (SELECT execution_id FROM held)) IS TRUE
    ON CONFLICT (execution_id, id) DO UPDATE
    SET status = excluded.status, output_data = excluded.output_data, error = excluded.error, error_type = excluded.error_type,
        traceback = excluded.traceback, completed_at = excluded.completed_at, duration_us = excluded.duration_us,
        record_complete = excluded.record_complete
    WHERE step_executions.status = 'running'
)
SELECT execution_id FROM held`

// severalStatements reports whether it takes more than one to end the runs of
// records: of schedules that want to hear of it, or of one run twice.
func severalStatements(records []*model.Record) bool {
	seen := make(map[model.ID]bool, len(records))
	for _, r := range records {
		if e := &r.Execution; e.Trigger == model.TriggerSchedule || seen[e.ID] {
			return true
		}
		seen[r.Execution.ID] = true
	}
	return false
}

// endQueued writes the records of runs that were queued, and returns what has come
// to its end. One whose run was taken away from the server that made the record is
// left out.
func endQueued(ctx context.Context, db dbsqlc.DBTX, records []*model.Record, server string) (ended []model.Execution, err error) {
	err = eachRunOnce(records, func(r *model.Record) model.ID { return r.Execution.ID }, func(part []*model.Record) error {
		rows, err := db.Query(ctx, endRuns, slices.Concat(endsOf(part), []any{text(server)}, rowsOf(part), stepsOf(part))...)
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

// rowsOf are the columns of executions.
func rowsOf(records []*model.Record) []any {
	n := len(records)
	var (
		ids, triggers, parents            = make([]pgtype.UUID, n), make([]pgtype.UUID, n), make([]pgtype.UUID, n)
		tenants, names, kinds, states     = make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		versions, attempts                = make([]int32, n), make([]int32, n)
		inputs, outputs                   = make([]*string, n), make([]*string, n)
		problems, classes, traces         = make([]*string, n), make([]*string, n), make([]*string, n)
		createdAt, startedAt, completedAt = make([]time.Time, n), make([]*time.Time, n), make([]*time.Time, n)
		durations, complete, whole        = make([]int64, n), make([]bool, n), make([]*bool, n)
	)
	for i, r := range records {
		e := r.Execution
		if r.Queued.Retry {
			e.Status, e.Attempt, e.CompletedAt = model.StatusPending, e.Attempt+1, time.Time{}
		}
		ids[i], triggers[i], parents[i] = uuid(e.ID), uuid(e.TriggerID), uuid(e.ParentID)
		tenants[i], names[i], kinds[i], states[i] = e.Tenant, e.FunctionName, string(e.Trigger), string(e.Status)
		versions[i], attempts[i] = int32(e.FunctionVersion), int32(e.Attempt)
		inputs[i], outputs[i] = jsonText(e.Input), jsonText(e.Output)
		problems[i], classes[i], traces[i] = e.Error, e.ErrorType, e.Traceback
		createdAt[i], startedAt[i], completedAt[i] = e.CreatedAt, moment(e.StartedAt), moment(e.CompletedAt)
		durations[i], complete[i], whole[i] = e.Duration.Microseconds(), e.RecordComplete, inputComplete(&e)
	}
	return []any{
		ids, tenants, names, versions, kinds, triggers, states, inputs, outputs, problems, classes, traces, createdAt, startedAt,
		completedAt, durations, attempts, parents, complete, whole,
	}
}

// stepsOf are the columns of step_executions.
func stepsOf(records []*model.Record) []any {
	n := 0
	for _, r := range records {
		n += len(r.Steps)
	}
	var (
		executions, ids, parents  = make([]pgtype.UUID, n), make([]pgtype.UUID, n), make([]pgtype.UUID, n)
		tenants, names, states    = make([]string, n), make([]string, n), make([]string, n)
		depths, positions         = make([]int32, n), make([]int32, n)
		attempts, versions        = make([]int32, n), make([]int32, n)
		inputs, outputs           = make([]*string, n), make([]*string, n)
		problems, classes, traces = make([]*string, n), make([]*string, n), make([]*string, n)
		startedAt, completedAt    = make([]*time.Time, n), make([]*time.Time, n)
		durations, complete       = make([]int64, n), make([]bool, n)
	)
	i := 0
	for _, r := range records {
		for j := range r.Steps {
			s := &r.Steps[j]
			executions[i], ids[i], parents[i] = uuid(s.ExecutionID), uuid(s.ID), uuid(s.ParentID)
			tenants[i], names[i], states[i] = r.Execution.Tenant, s.FunctionName, string(s.Status)
			depths[i], positions[i], attempts[i], versions[i] = int32(s.Depth), int32(s.Position), int32(s.Attempt), int32(s.FunctionVersion)
			inputs[i], outputs[i] = jsonText(s.Input), jsonText(s.Output)
			problems[i], classes[i], traces[i] = s.Error, s.ErrorType, s.Traceback
			startedAt[i], completedAt[i] = moment(s.StartedAt), moment(s.CompletedAt)
			durations[i], complete[i] = s.Duration.Microseconds(), s.RecordComplete
			i++
		}
	}
	return []any{
		executions, ids, tenants, parents, depths, positions, attempts, names, versions, states, inputs, outputs, problems, classes,
		traces, startedAt, completedAt, durations, complete,
	}
}

// jsonText is a JSON value as a parameter; nil is NULL.
func jsonText(value []byte) *string {
	if value == nil {
		return nil
	}
	s := string(value)
	return &s
}
