package repo

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
)

// The records of queued runs have a row already, and come many at a time: each
// table takes them in one statement. Version 0 stands for that of the row: the
// function is gone by now. The SQL is not with the other queries
// because its generator knows no arrays whose elements may be NULL.
const (
	mergeExecutions = `INSERT INTO executions AS e
    (id, tenant, function_name, function_version, trigger_type, trigger_id, status, input_data, output_data, error, error_type,
     traceback, created_at, started_at, completed_at, duration_us, attempt, parent_id, server, record_complete, input_complete)
SELECT r.id, r.tenant, r.function_name, r.function_version, r.trigger_type, r.trigger_id, r.status, r.input_data::json,
    r.output_data::json, r.error, r.error_type, r.traceback, r.created_at, r.started_at, r.completed_at, r.duration_us, r.attempt,
    r.parent_id, $19::text, r.record_complete, r.input_complete
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::bigint[], $17::integer[], $18::uuid[],
    $20::boolean[], $21::boolean[])
    AS r (id, tenant, function_name, function_version, trigger_type, trigger_id, status, input_data, output_data, error, error_type,
     traceback, created_at, started_at, completed_at, duration_us, attempt, parent_id, record_complete, input_complete)
ON CONFLICT (id) DO UPDATE
SET status = excluded.status, function_version = COALESCE(NULLIF(excluded.function_version, 0), e.function_version), input_data = excluded.input_data,
    output_data = excluded.output_data, error = excluded.error, error_type = excluded.error_type,
    traceback = excluded.traceback, started_at = excluded.started_at, completed_at = excluded.completed_at,
    duration_us = excluded.duration_us, attempt = excluded.attempt, server = excluded.server,
    record_complete = excluded.record_complete, input_complete = excluded.input_complete
WHERE e.status IN ('pending', 'running')`

	mergeSteps = `INSERT INTO step_executions
    (execution_id, id, tenant, parent_step_id, depth, position, attempt, function_name, function_version, status, input_data,
     output_data, error, error_type, traceback, started_at, completed_at, duration_us, record_complete)
SELECT r.execution_id, r.id, r.tenant, r.parent_step_id, r.depth, r.position, r.attempt, r.function_name, r.function_version,
    r.status, r.input_data::json, r.output_data::json, r.error, r.error_type, r.traceback, r.started_at, r.completed_at,
    r.duration_us, r.record_complete
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::integer[], $6::integer[], $7::integer[], $8::text[], $9::integer[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::timestamptz[], $17::timestamptz[],
    $18::bigint[], $19::boolean[])
    AS r (execution_id, id, tenant, parent_step_id, depth, position, attempt, function_name, function_version, status, input_data,
     output_data, error, error_type, traceback, started_at, completed_at, duration_us, record_complete)
ON CONFLICT DO NOTHING`
)

// mergeQueuedRecords does for records of different executions what
// upsertRecords does one by one.
func mergeQueuedRecords(ctx context.Context, tx pgx.Tx, records []*model.Record, server string) error {
	n := len(records)
	if n == 0 {
		return nil
	}
	steps := 0
	var (
		ids, triggers, parents            = make([]pgtype.UUID, n), make([]pgtype.UUID, n), make([]pgtype.UUID, n)
		tenants, names, kinds, states     = make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		versions, attempts                = make([]int32, n), make([]int32, n)
		inputs, outputs                   = make([]*string, n), make([]*string, n)
		problems, classes, traces         = make([]*string, n), make([]*string, n), make([]*string, n)
		createdAt, startedAt, completedAt = make([]time.Time, n), make([]*time.Time, n), make([]*time.Time, n)
		durations, complete, whole        = make([]int64, n), make([]bool, n), make([]*bool, n)
	)
	for i, record := range records {
		e := &record.Execution
		steps += len(record.Steps)
		ids[i], triggers[i], parents[i] = uuid(e.ID), uuid(e.TriggerID), uuid(e.ParentID)
		tenants[i], names[i], kinds[i], states[i] = e.Tenant, e.FunctionName, string(e.Trigger), string(e.Status)
		versions[i], attempts[i] = int32(e.FunctionVersion), int32(e.Attempt)
		inputs[i], outputs[i] = jsonText(e.Input), jsonText(e.Output)
		problems[i], classes[i], traces[i] = e.Error, e.ErrorType, e.Traceback
		createdAt[i], startedAt[i], completedAt[i] = e.CreatedAt, moment(e.StartedAt), moment(e.CompletedAt)
		durations[i], complete[i], whole[i] = e.Duration.Microseconds(), e.RecordComplete, inputComplete(e)
	}
	_, err := tx.Exec(ctx, mergeExecutions, ids, tenants, names, versions, kinds, triggers, states, inputs, outputs, problems, classes,
		traces, createdAt, startedAt, completedAt, durations, attempts, parents, text(server), complete, whole)
	if err != nil || steps == 0 {
		return err
	}
	return mergeQueuedSteps(ctx, tx, records, steps)
}

// mergeQueuedSteps writes the steps of records, n of them.
func mergeQueuedSteps(ctx context.Context, tx pgx.Tx, records []*model.Record, n int) error {
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
	for _, record := range records {
		for j := range record.Steps {
			s := &record.Steps[j]
			executions[i], ids[i], parents[i] = uuid(s.ExecutionID), uuid(s.ID), uuid(s.ParentID)
			tenants[i], names[i], states[i] = record.Execution.Tenant, s.FunctionName, string(s.Status)
			depths[i], positions[i], attempts[i], versions[i] = int32(s.Depth), int32(s.Position), int32(s.Attempt), int32(s.FunctionVersion)
			inputs[i], outputs[i] = jsonText(s.Input), jsonText(s.Output)
			problems[i], classes[i], traces[i] = s.Error, s.ErrorType, s.Traceback
			startedAt[i], completedAt[i] = moment(s.StartedAt), moment(s.CompletedAt)
			durations[i], complete[i] = s.Duration.Microseconds(), s.RecordComplete
			i++
		}
	}
	_, err := tx.Exec(ctx, mergeSteps, executions, ids, tenants, parents, depths, positions, attempts, names, versions, states, inputs,
		outputs, problems, classes, traces, startedAt, completedAt, durations, complete)
	return err
}

// jsonText is a JSON value as a parameter; nil is NULL.
func jsonText(value []byte) *string {
	if value == nil {
		return nil
	}
	s := string(value)
	return &s
}
