-- name: ListRetriable :many
-- As ListExecutions, oldest first, without those that were run again and without
-- their values: bytes is how long the input is, where it is of use.
-- from_id and before_id bound the partitions that are read.
SELECT e.id, e.function_name, e.trigger_id, e.traceparent, COALESCE(e.input_complete, e.record_complete) AS input_complete,
    EXISTS (SELECT 1 FROM functions f WHERE f.tenant = e.tenant AND f.name = e.function_name AND f.is_active)::boolean AS callable,
    (CASE WHEN COALESCE(e.input_complete, e.record_complete) THEN COALESCE(octet_length(e.input_data::text), 0) ELSE 0 END)::integer AS bytes
FROM executions e
WHERE e.tenant = sqlc.arg(tenant)
  AND e.id > sqlc.arg(from_id)::uuid AND e.id < sqlc.arg(before_id)::uuid
  AND e.status = ANY (sqlc.arg(statuses)::text[])
  AND (sqlc.narg(function_name)::text IS NULL OR e.function_name = sqlc.narg(function_name)::text)
  AND (sqlc.narg(trigger_type)::text IS NULL OR e.trigger_type = sqlc.narg(trigger_type)::text)
  AND (sqlc.narg(trigger_id)::uuid IS NULL OR e.trigger_id = sqlc.narg(trigger_id)::uuid)
  AND (sqlc.narg(parent_id)::uuid IS NULL OR e.parent_id = sqlc.narg(parent_id)::uuid)
  AND (sqlc.narg(error_type)::text IS NULL OR e.error_type = sqlc.narg(error_type)::text)
  AND (sqlc.narg(min_duration_us)::bigint IS NULL OR e.duration_us >= sqlc.narg(min_duration_us)::bigint)
  AND (sqlc.narg(since)::timestamptz IS NULL OR e.created_at >= sqlc.narg(since)::timestamptz)
  AND (sqlc.narg(until)::timestamptz IS NULL OR e.created_at <= sqlc.narg(until)::timestamptz)
  AND NOT EXISTS (SELECT 1 FROM execution_retries r WHERE r.tenant = e.tenant AND r.execution_id = e.id)
ORDER BY e.id
LIMIT sqlc.arg(row_limit);

-- name: ListInputs :many
-- from_id and last_id bound the partitions that are read.
SELECT e.id, e.input_data FROM executions e
WHERE e.tenant = sqlc.arg(tenant) AND e.id = ANY (sqlc.arg(ids)::uuid[])
  AND e.id >= sqlc.arg(from_id)::uuid AND e.id <= sqlc.arg(last_id)::uuid;

-- name: NoteRetries :many
-- Returns those that were not run again concurrently.
INSERT INTO execution_retries (tenant, execution_id, retry_id)
SELECT sqlc.arg(tenant), r.execution_id, r.retry_id
FROM (SELECT unnest(sqlc.arg(execution_ids)::uuid[]) AS execution_id, unnest(sqlc.arg(retry_ids)::uuid[]) AS retry_id) AS r
ORDER BY r.execution_id
ON CONFLICT DO NOTHING
RETURNING execution_id;

-- name: NoteRetry :exec
-- The caller requested this execution by its id: it may be run again any number of times.
INSERT INTO execution_retries (tenant, execution_id, retry_id) VALUES ($1, $2, $3)
ON CONFLICT (tenant, execution_id) DO UPDATE SET retry_id = excluded.retry_id;
