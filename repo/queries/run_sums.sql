-- name: SumBarrier :one
-- A moment, and the number of a transaction that began after it: those that wrote
-- before the moment have lower ones.
SELECT statement_timestamp()::timestamptz AS at, (pg_current_xact_id()::text)::bigint AS transaction;

-- name: OldestTransaction :one
-- The number of the oldest one that has written and is not over.
SELECT (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint;

-- name: LockSums :one
-- One server at a time adds to the sums.
SELECT summed_to FROM sum_state FOR UPDATE;

-- name: SummedTo :one
SELECT summed_to FROM sum_state;

-- name: NoteSummed :exec
UPDATE sum_state SET summed_to = sqlc.arg(summed_to);

-- name: NextExecutionID :one
-- The first one's from an id on; the zero id when there is none.
SELECT coalesce((SELECT e.id FROM executions e WHERE e.id >= sqlc.arg(from_id)::uuid ORDER BY e.id LIMIT 1),
    '00000000-0000-0000-0000-000000000000')::uuid;

-- name: ListUnsummed :many
SELECT id FROM unsummed_runs WHERE id > sqlc.arg(after_id)::uuid AND id < sqlc.arg(before_id)::uuid ORDER BY id LIMIT sqlc.arg(row_limit);

-- name: NoteUnsummed :exec
INSERT INTO unsummed_runs (id) SELECT unnest(sqlc.arg(ids)::uuid[]) ON CONFLICT DO NOTHING;

-- name: ForgetUnsummed :exec
-- Those of some whose executions were deleted.
DELETE FROM unsummed_runs u WHERE u.id = ANY (sqlc.arg(ids)::uuid[])
  AND NOT EXISTS (SELECT 1 FROM executions e WHERE e.id = u.id AND e.id >= sqlc.arg(from_id)::uuid AND e.id < sqlc.arg(before_id)::uuid);

-- name: DeleteOldRunSums :execrows
DELETE FROM run_sums WHERE ctid = ANY (ARRAY(SELECT s.ctid FROM run_sums s WHERE s.at < sqlc.arg(before) LIMIT sqlc.arg(row_limit)));

-- name: DeleteOldCallSums :execrows
DELETE FROM call_sums WHERE ctid = ANY (ARRAY(SELECT s.ctid FROM call_sums s WHERE s.at < sqlc.arg(before) LIMIT sqlc.arg(row_limit)));

-- name: DeleteOldRunMarks :exec
DELETE FROM run_marks WHERE last_run_at < sqlc.arg(before);

-- name: DeleteRunSumsOf :exec
DELETE FROM run_sums WHERE tenant = sqlc.arg(tenant);

-- name: DeleteCallSumsOf :exec
DELETE FROM call_sums WHERE tenant = sqlc.arg(tenant);

-- name: DeleteRunMarksOf :exec
DELETE FROM run_marks WHERE tenant = sqlc.arg(tenant);

-- name: SumRunsByTime :many
SELECT date_bin(sqlc.arg(step)::bigint * interval '1 second', s.at, sqlc.arg(origin)::timestamptz)::timestamptz AS at,
    s.status, s.bucket, sum(s.runs)::bigint AS runs, sum(s.duration_us)::bigint AS duration_us
FROM run_sums s
WHERE s.tenant = sqlc.arg(tenant) AND s.seconds = sqlc.arg(seconds) AND s.at >= sqlc.arg(since) AND s.at < sqlc.arg(before)
  AND (sqlc.narg(function_name)::text IS NULL OR s.function_name = sqlc.narg(function_name)::text)
GROUP BY 1, 2, 3;

-- name: SumRunsByFunction :many
SELECT s.function_name, s.status, s.bucket, sum(s.runs)::bigint AS runs, sum(s.duration_us)::bigint AS duration_us
FROM run_sums s
WHERE s.tenant = sqlc.arg(tenant) AND s.seconds = sqlc.arg(seconds) AND s.at >= sqlc.arg(since) AND s.at < sqlc.arg(before)
GROUP BY 1, 2, 3;

-- name: SumCalls :many
SELECT s.kind, s.caller, s.function_name, s.failed, s.bucket, sum(s.calls)::bigint AS calls, sum(s.duration_us)::bigint AS duration_us
FROM call_sums s
WHERE s.tenant = sqlc.arg(tenant) AND s.seconds = sqlc.arg(seconds) AND s.at >= sqlc.arg(since) AND s.at < sqlc.arg(before)
  AND (sqlc.narg(function_name)::text IS NULL OR s.function_name = sqlc.narg(function_name)::text
    OR s.kind IN ('function', 'spawn') AND s.caller = sqlc.narg(function_name)::text)
GROUP BY 1, 2, 3, 4, 5;

-- name: ListRunMarks :many
SELECT * FROM run_marks WHERE tenant = sqlc.arg(tenant);

-- name: ListUnsummedEnds :many
-- Executions that have ended, from an id on, which is after all those in the sums.
SELECT e.id, e.function_name, e.status, e.created_at, e.duration_us FROM executions e
WHERE e.tenant = sqlc.arg(tenant) AND e.id >= sqlc.arg(from_id)::uuid AND e.id < sqlc.arg(before_id)::uuid
  AND e.status NOT IN ('pending', 'running')
  AND (sqlc.narg(function_name)::text IS NULL OR e.function_name = sqlc.narg(function_name)::text)
ORDER BY e.id LIMIT sqlc.arg(row_limit);
