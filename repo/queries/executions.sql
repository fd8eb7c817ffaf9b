-- name: GetExecution :one
SELECT * FROM executions WHERE tenant = $1 AND id = $2;

-- name: ExecutionExists :one
SELECT EXISTS (SELECT 1 FROM executions WHERE tenant = $1 AND id = $2);

-- name: ListExecutions :many
-- One window of a list: from_id and before_id bound the partitions that are
-- planned and read.
SELECT * FROM executions
WHERE tenant = sqlc.arg(tenant)
  AND id >= sqlc.arg(from_id)::uuid AND id < sqlc.arg(before_id)::uuid
  AND (sqlc.narg(function_name)::text IS NULL OR function_name = sqlc.narg(function_name)::text)
  AND (sqlc.narg(statuses)::text[] IS NULL OR status = ANY (sqlc.narg(statuses)::text[]))
  AND (sqlc.narg(trigger_type)::text IS NULL OR trigger_type = sqlc.narg(trigger_type)::text)
  AND (sqlc.narg(trigger_id)::uuid IS NULL OR trigger_id = sqlc.narg(trigger_id)::uuid)
  AND (sqlc.narg(parent_id)::uuid IS NULL OR parent_id = sqlc.narg(parent_id)::uuid)
  AND (sqlc.narg(error_type)::text IS NULL OR error_type = sqlc.narg(error_type)::text)
  AND (sqlc.narg(min_duration_us)::bigint IS NULL OR duration_us >= sqlc.narg(min_duration_us)::bigint)
  AND (sqlc.narg(since)::timestamptz IS NULL OR created_at >= sqlc.narg(since)::timestamptz)
  AND (sqlc.narg(until)::timestamptz IS NULL OR created_at <= sqlc.narg(until)::timestamptz)
ORDER BY id DESC
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListBriefExecutions :many
-- As ListExecutions, without input, output, error and traceback, but with the start of
-- error, and of an input that takes no more than 16 KB. What is larger is not read: it lies
-- outside of its row, which has its size.
SELECT id, tenant, function_name, function_version, trigger_type, trigger_id, status, error_type, created_at, started_at, completed_at,
    duration_us, attempt, parent_id, record_complete, lane,
    COALESCE(CASE WHEN pg_column_size(input_data) <= 16384 THEN left(input_data::text, 200) END, '')::text AS input_head,
    COALESCE(left(error, 200), '')::text AS error_head
FROM executions
WHERE tenant = sqlc.arg(tenant)
  AND id >= sqlc.arg(from_id)::uuid AND id < sqlc.arg(before_id)::uuid
  AND (sqlc.narg(function_name)::text IS NULL OR function_name = sqlc.narg(function_name)::text)
  AND (sqlc.narg(statuses)::text[] IS NULL OR status = ANY (sqlc.narg(statuses)::text[]))
  AND (sqlc.narg(trigger_type)::text IS NULL OR trigger_type = sqlc.narg(trigger_type)::text)
  AND (sqlc.narg(trigger_id)::uuid IS NULL OR trigger_id = sqlc.narg(trigger_id)::uuid)
  AND (sqlc.narg(parent_id)::uuid IS NULL OR parent_id = sqlc.narg(parent_id)::uuid)
  AND (sqlc.narg(error_type)::text IS NULL OR error_type = sqlc.narg(error_type)::text)
  AND (sqlc.narg(min_duration_us)::bigint IS NULL OR duration_us >= sqlc.narg(min_duration_us)::bigint)
  AND (sqlc.narg(since)::timestamptz IS NULL OR created_at >= sqlc.narg(since)::timestamptz)
  AND (sqlc.narg(until)::timestamptz IS NULL OR created_at <= sqlc.narg(until)::timestamptz)
ORDER BY id DESC
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListNewestExecutions :many
-- As ListExecutions, among the newest of the window alone, as many as newest says.
SELECT * FROM (
    SELECT * FROM executions
    WHERE tenant = sqlc.arg(tenant) AND id >= sqlc.arg(from_id)::uuid AND id < sqlc.arg(before_id)::uuid
    ORDER BY id DESC LIMIT sqlc.arg(newest)) AS executions
WHERE true
  AND (sqlc.narg(function_name)::text IS NULL OR function_name = sqlc.narg(function_name)::text)
  AND (sqlc.narg(statuses)::text[] IS NULL OR status = ANY (sqlc.narg(statuses)::text[]))
  AND (sqlc.narg(trigger_type)::text IS NULL OR trigger_type = sqlc.narg(trigger_type)::text)
  AND (sqlc.narg(trigger_id)::uuid IS NULL OR trigger_id = sqlc.narg(trigger_id)::uuid)
  AND (sqlc.narg(parent_id)::uuid IS NULL OR parent_id = sqlc.narg(parent_id)::uuid)
  AND (sqlc.narg(error_type)::text IS NULL OR error_type = sqlc.narg(error_type)::text)
  AND (sqlc.narg(min_duration_us)::bigint IS NULL OR duration_us >= sqlc.narg(min_duration_us)::bigint)
  AND (sqlc.narg(since)::timestamptz IS NULL OR created_at >= sqlc.narg(since)::timestamptz)
  AND (sqlc.narg(until)::timestamptz IS NULL OR created_at <= sqlc.narg(until)::timestamptz)
ORDER BY id DESC
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListNewestBriefExecutions :many
-- As ListNewestExecutions, without those.
SELECT id, tenant, function_name, function_version, trigger_type, trigger_id, status, error_type, created_at, started_at, completed_at,
    duration_us, attempt, parent_id, record_complete, lane,
    COALESCE(CASE WHEN pg_column_size(input_data) <= 16384 THEN left(input_data::text, 200) END, '')::text AS input_head,
    COALESCE(left(error, 200), '')::text AS error_head
FROM (
    SELECT * FROM executions
    WHERE tenant = sqlc.arg(tenant) AND id >= sqlc.arg(from_id)::uuid AND id < sqlc.arg(before_id)::uuid
    ORDER BY id DESC LIMIT sqlc.arg(newest)) AS executions
WHERE true
  AND (sqlc.narg(function_name)::text IS NULL OR function_name = sqlc.narg(function_name)::text)
  AND (sqlc.narg(statuses)::text[] IS NULL OR status = ANY (sqlc.narg(statuses)::text[]))
  AND (sqlc.narg(trigger_type)::text IS NULL OR trigger_type = sqlc.narg(trigger_type)::text)
  AND (sqlc.narg(trigger_id)::uuid IS NULL OR trigger_id = sqlc.narg(trigger_id)::uuid)
  AND (sqlc.narg(parent_id)::uuid IS NULL OR parent_id = sqlc.narg(parent_id)::uuid)
  AND (sqlc.narg(error_type)::text IS NULL OR error_type = sqlc.narg(error_type)::text)
  AND (sqlc.narg(min_duration_us)::bigint IS NULL OR duration_us >= sqlc.narg(min_duration_us)::bigint)
  AND (sqlc.narg(since)::timestamptz IS NULL OR created_at >= sqlc.narg(since)::timestamptz)
  AND (sqlc.narg(until)::timestamptz IS NULL OR created_at <= sqlc.narg(until)::timestamptz)
ORDER BY id DESC
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListRareExecutions :many
-- As ListExecutions where few are expected to match: all that do are found
-- first, and sorted then. ids as text sort as they do; no index is in that order,
-- which keeps the planner from reading the whole window in the order of ids.
SELECT * FROM executions
WHERE tenant = sqlc.arg(tenant)
  AND id >= sqlc.arg(from_id)::uuid AND id < sqlc.arg(before_id)::uuid
  AND (sqlc.narg(function_name)::text IS NULL OR function_name = sqlc.narg(function_name)::text)
  AND (sqlc.narg(statuses)::text[] IS NULL OR status = ANY (sqlc.narg(statuses)::text[]))
  AND (sqlc.narg(trigger_type)::text IS NULL OR trigger_type = sqlc.narg(trigger_type)::text)
  AND (sqlc.narg(trigger_id)::uuid IS NULL OR trigger_id = sqlc.narg(trigger_id)::uuid)
  AND (sqlc.narg(parent_id)::uuid IS NULL OR parent_id = sqlc.narg(parent_id)::uuid)
  AND (sqlc.narg(error_type)::text IS NULL OR error_type = sqlc.narg(error_type)::text)
  AND (sqlc.narg(min_duration_us)::bigint IS NULL OR duration_us >= sqlc.narg(min_duration_us)::bigint)
  AND (sqlc.narg(since)::timestamptz IS NULL OR created_at >= sqlc.narg(since)::timestamptz)
  AND (sqlc.narg(until)::timestamptz IS NULL OR created_at <= sqlc.narg(until)::timestamptz)
ORDER BY id::text COLLATE "C" DESC
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListRareBriefExecutions :many
-- As ListRareExecutions, without those.
SELECT id, tenant, function_name, function_version, trigger_type, trigger_id, status, error_type, created_at, started_at, completed_at,
    duration_us, attempt, parent_id, record_complete, lane,
    COALESCE(CASE WHEN pg_column_size(input_data) <= 16384 THEN left(input_data::text, 200) END, '')::text AS input_head,
    COALESCE(left(error, 200), '')::text AS error_head
FROM executions
WHERE tenant = sqlc.arg(tenant)
  AND id >= sqlc.arg(from_id)::uuid AND id < sqlc.arg(before_id)::uuid
  AND (sqlc.narg(function_name)::text IS NULL OR function_name = sqlc.narg(function_name)::text)
  AND (sqlc.narg(statuses)::text[] IS NULL OR status = ANY (sqlc.narg(statuses)::text[]))
  AND (sqlc.narg(trigger_type)::text IS NULL OR trigger_type = sqlc.narg(trigger_type)::text)
  AND (sqlc.narg(trigger_id)::uuid IS NULL OR trigger_id = sqlc.narg(trigger_id)::uuid)
  AND (sqlc.narg(parent_id)::uuid IS NULL OR parent_id = sqlc.narg(parent_id)::uuid)
  AND (sqlc.narg(error_type)::text IS NULL OR error_type = sqlc.narg(error_type)::text)
  AND (sqlc.narg(min_duration_us)::bigint IS NULL OR duration_us >= sqlc.narg(min_duration_us)::bigint)
  AND (sqlc.narg(since)::timestamptz IS NULL OR created_at >= sqlc.narg(since)::timestamptz)
  AND (sqlc.narg(until)::timestamptz IS NULL OR created_at <= sqlc.narg(until)::timestamptz)
ORDER BY id::text COLLATE "C" DESC
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: CountExecutions :one
-- How many ListExecutions would skip in a window, as far as most.
SELECT count(*) FROM (SELECT 1 FROM executions
WHERE tenant = sqlc.arg(tenant)
  AND id >= sqlc.arg(from_id)::uuid AND id < sqlc.arg(before_id)::uuid
  AND (sqlc.narg(function_name)::text IS NULL OR function_name = sqlc.narg(function_name)::text)
  AND (sqlc.narg(statuses)::text[] IS NULL OR status = ANY (sqlc.narg(statuses)::text[]))
  AND (sqlc.narg(trigger_type)::text IS NULL OR trigger_type = sqlc.narg(trigger_type)::text)
  AND (sqlc.narg(trigger_id)::uuid IS NULL OR trigger_id = sqlc.narg(trigger_id)::uuid)
  AND (sqlc.narg(parent_id)::uuid IS NULL OR parent_id = sqlc.narg(parent_id)::uuid)
  AND (sqlc.narg(error_type)::text IS NULL OR error_type = sqlc.narg(error_type)::text)
  AND (sqlc.narg(min_duration_us)::bigint IS NULL OR duration_us >= sqlc.narg(min_duration_us)::bigint)
  AND (sqlc.narg(since)::timestamptz IS NULL OR created_at >= sqlc.narg(since)::timestamptz)
  AND (sqlc.narg(until)::timestamptz IS NULL OR created_at <= sqlc.narg(until)::timestamptz)
LIMIT sqlc.arg(most)) AS skipped;

-- name: OldestPartition :one
-- The name of the first day's partition; "" when there is none.
SELECT coalesce(min(d.name), '')::text FROM day_partitions('executions') AS d (name);

-- name: ListSteps :many
-- Ids are in start order. from_id and before_id are the day of the execution,
-- one partition, or less.
SELECT * FROM step_executions
WHERE tenant = sqlc.arg(tenant) AND execution_id = sqlc.arg(execution_id)
  AND id > sqlc.arg(after_id)::uuid AND id < sqlc.arg(before_id)::uuid
ORDER BY id
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListBriefSteps :many
-- As ListSteps, without input, output, error and traceback.
SELECT execution_id, id, tenant, parent_step_id, depth, position, attempt, function_name, function_version, status, error_type, started_at,
    completed_at, duration_us, record_complete
FROM step_executions
WHERE tenant = sqlc.arg(tenant) AND execution_id = sqlc.arg(execution_id)
  AND id > sqlc.arg(after_id)::uuid AND id < sqlc.arg(before_id)::uuid
ORDER BY id
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListUnorderedSteps :many
-- As ListSteps, of an execution that has ids of steps which are in no order: all
-- of its steps are read for each page.
SELECT * FROM step_executions
WHERE tenant = sqlc.arg(tenant) AND execution_id = sqlc.arg(execution_id)
  AND id > sqlc.arg(after_id)::uuid AND id < sqlc.arg(before_id)::uuid
  AND (attempt, position) > (sqlc.arg(after_attempt)::integer, sqlc.arg(after_position)::integer)
ORDER BY attempt, position
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListUnorderedBriefSteps :many
-- As ListUnorderedSteps, without those.
SELECT execution_id, id, tenant, parent_step_id, depth, position, attempt, function_name, function_version, status, error_type, started_at,
    completed_at, duration_us, record_complete
FROM step_executions
WHERE tenant = sqlc.arg(tenant) AND execution_id = sqlc.arg(execution_id)
  AND id > sqlc.arg(after_id)::uuid AND id < sqlc.arg(before_id)::uuid
  AND (attempt, position) > (sqlc.arg(after_attempt)::integer, sqlc.arg(after_position)::integer)
ORDER BY attempt, position
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: GetStep :one
SELECT * FROM step_executions WHERE tenant = $1 AND execution_id = $2 AND id = $3;

-- name: HasUnorderedSteps :one
-- Whether there are ids outside of those that are in start order: from first_id up
-- to last_id.
SELECT (EXISTS (SELECT 1 FROM step_executions s
        WHERE s.tenant = sqlc.arg(tenant) AND s.execution_id = sqlc.arg(execution_id)
          AND s.id > sqlc.arg(after_id)::uuid AND s.id < sqlc.arg(first_id)::uuid)
    OR EXISTS (SELECT 1 FROM step_executions s
        WHERE s.tenant = sqlc.arg(tenant) AND s.execution_id = sqlc.arg(execution_id)
          AND s.id >= sqlc.arg(last_id)::uuid AND s.id < sqlc.arg(before_id)::uuid))::boolean;

-- name: MakePartition :one
SELECT make_partition(sqlc.arg(parent)::text, sqlc.arg(child)::text, sqlc.arg(lower_id)::uuid, sqlc.arg(upper_id)::uuid)::boolean;

-- name: WatchNewest :many
-- The newest of a range of ids, without their values.
SELECT id, function_name, function_version, trigger_type, trigger_id, status, error_type, created_at, started_at, completed_at,
    duration_us, attempt, parent_id, record_complete, lane
FROM executions
WHERE tenant = sqlc.arg(tenant) AND id >= sqlc.arg(from_id)::uuid AND id < sqlc.arg(before_id)::uuid
ORDER BY id DESC LIMIT sqlc.arg(row_limit);

-- name: WatchOpen :many
-- The newest that are not over, without their values.
SELECT id, status, attempt FROM executions
WHERE tenant = sqlc.arg(tenant) AND status IN ('pending', 'running') ORDER BY id DESC LIMIT sqlc.arg(row_limit);

-- name: WatchSome :many
-- Some by their ids, without their values. from_id and before_id bound the partitions.
SELECT id, function_name, function_version, trigger_type, trigger_id, status, error_type, created_at, started_at, completed_at,
    duration_us, attempt, parent_id, record_complete, lane
FROM executions
WHERE tenant = sqlc.arg(tenant) AND id = ANY (sqlc.arg(ids)::uuid[]) AND id >= sqlc.arg(from_id)::uuid AND id < sqlc.arg(before_id)::uuid;
