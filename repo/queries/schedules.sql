-- name: InsertSchedule :exec
INSERT INTO scheduled_jobs
    (id, tenant, name, function_name, cron_expression, timezone, input_data, description, is_active, retry,
     overlap, catch_up, max_instances, next_run, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15);

-- name: GetSchedule :one
SELECT sqlc.embed(j), EXISTS (
    SELECT 1 FROM functions f WHERE f.tenant = j.tenant AND f.name = j.function_name AND f.is_active) AS function_there, EXISTS (
    SELECT 1 FROM functions f WHERE f.tenant = j.tenant AND f.name = j.function_name AND f.is_active AND f.is_off) AS function_off
FROM scheduled_jobs j WHERE j.tenant = $1 AND j.id = $2;

-- name: LockSchedule :one
SELECT sqlc.embed(j), EXISTS (
    SELECT 1 FROM functions f WHERE f.tenant = j.tenant AND f.name = j.function_name AND f.is_active) AS function_there, EXISTS (
    SELECT 1 FROM functions f WHERE f.tenant = j.tenant AND f.name = j.function_name AND f.is_active AND f.is_off) AS function_off
FROM scheduled_jobs j WHERE j.tenant = $1 AND j.id = $2
FOR UPDATE OF j;

-- name: LockScheduleOf :one
-- By its name.
SELECT sqlc.embed(j), EXISTS (
    SELECT 1 FROM functions f WHERE f.tenant = j.tenant AND f.name = j.function_name AND f.is_active) AS function_there, EXISTS (
    SELECT 1 FROM functions f WHERE f.tenant = j.tenant AND f.name = j.function_name AND f.is_active AND f.is_off) AS function_off
FROM scheduled_jobs j WHERE j.tenant = $1 AND j.name = $2
FOR UPDATE OF j;

-- name: ListSchedules :many
SELECT sqlc.embed(j), EXISTS (
    SELECT 1 FROM functions f WHERE f.tenant = j.tenant AND f.name = j.function_name AND f.is_active) AS function_there, EXISTS (
    SELECT 1 FROM functions f WHERE f.tenant = j.tenant AND f.name = j.function_name AND f.is_active AND f.is_off) AS function_off
FROM scheduled_jobs j
WHERE j.tenant = sqlc.arg(tenant) AND j.name > sqlc.arg(after)::text
  AND (j.is_active OR NOT sqlc.arg(active_only)::boolean)
  AND (sqlc.arg(function_name)::text = '' OR j.function_name = sqlc.arg(function_name)::text)
ORDER BY j.name
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: UpdateSchedule :exec
UPDATE scheduled_jobs
SET name = $3, function_name = $4, cron_expression = $5, timezone = $6, input_data = $7, description = $8,
    is_active = $9, retry = $10, overlap = $11, catch_up = $12, max_instances = $13, next_run = $14, updated_at = $15,
    held_until = NULL
WHERE tenant = $1 AND id = $2;

-- name: DeleteSchedule :execrows
DELETE FROM scheduled_jobs WHERE tenant = $1 AND id = $2;

-- name: ListDueSchedules :many
-- Of every subtenant, the longest overdue first. Locked for this moment only,
-- so as to pass over what another server has locked.
SELECT j.id, j.tenant, j.function_name FROM scheduled_jobs j
WHERE j.is_active AND COALESCE(j.held_until, j.next_run) <= sqlc.arg(due)::timestamptz
ORDER BY COALESCE(j.held_until, j.next_run)
LIMIT sqlc.arg(row_limit)
FOR UPDATE OF j SKIP LOCKED;

-- name: LockDueSchedules :many
-- Those of them that are still due. What another server has locked is being
-- started there.
SELECT sqlc.embed(j), EXISTS (
    SELECT 1 FROM functions f WHERE f.tenant = j.tenant AND f.name = j.function_name AND f.is_active) AS function_there, EXISTS (
    SELECT 1 FROM functions f WHERE f.tenant = j.tenant AND f.name = j.function_name AND f.is_active AND f.is_off) AS function_off
FROM scheduled_jobs j
WHERE j.id = ANY (sqlc.arg(ids)::uuid[]) AND j.is_active AND COALESCE(j.held_until, j.next_run) <= sqlc.arg(due)::timestamptz
ORDER BY COALESCE(j.held_until, j.next_run)
FOR UPDATE OF j SKIP LOCKED;

-- name: NextDue :one
-- When the next schedule of any subtenant is due; no row when none will be.
SELECT COALESCE(held_until, next_run)::timestamptz AS due FROM scheduled_jobs
WHERE is_active AND COALESCE(held_until, next_run) IS NOT NULL
ORDER BY COALESCE(held_until, next_run) LIMIT 1;

-- name: MoveSchedule :exec
UPDATE scheduled_jobs
SET last_run = $3, next_run = $4, last_status = $5, last_execution_id = $6, last_error = $7, held_until = $8
WHERE tenant = $1 AND id = $2;

-- name: NoteScheduleResult :exec
-- The status is that of the latest run; failures count for every run that ends.
UPDATE scheduled_jobs
SET last_status = CASE WHEN last_execution_id = sqlc.arg(execution_id) THEN sqlc.arg(status)::text ELSE last_status END,
    last_error = CASE WHEN last_execution_id = sqlc.arg(execution_id) THEN sqlc.narg(error)::text ELSE last_error END,
    failures = CASE WHEN sqlc.arg(failed)::boolean THEN failures + 1 ELSE 0 END
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id);

-- name: LockFreeSchedules :many
-- Those that are not locked.
SELECT id FROM scheduled_jobs WHERE id = ANY (sqlc.arg(ids)::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED;

-- name: AddLateResult :exec
INSERT INTO schedule_late_results (tenant, schedule_id, execution_id, status, error) VALUES ($1, $2, $3, $4, $5);

-- name: TakeLateResults :many
-- Of schedules that are locked by who asks.
DELETE FROM schedule_late_results WHERE schedule_id = ANY (sqlc.arg(schedules)::uuid[]) RETURNING *;

-- name: ListLateSchedules :many
SELECT DISTINCT schedule_id FROM schedule_late_results;

-- name: ForgetLateResults :exec
-- Those of schedules that were deleted.
DELETE FROM schedule_late_results r WHERE NOT EXISTS (SELECT 1 FROM scheduled_jobs j WHERE j.id = r.schedule_id);

-- name: DeleteLateResultsOf :exec
DELETE FROM schedule_late_results WHERE tenant = $1;
