-- name: TryLockRetention :one
-- One server at a time takes old executions away. The session holds the lock.
SELECT pg_try_advisory_lock(hashtext('maestro.retention'))::boolean;

-- name: UnlockRetention :one
SELECT pg_advisory_unlock(hashtext('maestro.retention'))::boolean;

-- name: ListRetentions :many
SELECT id, coalesce(retention_days, sqlc.arg(server_days)::integer)::integer AS days FROM subtenants ORDER BY id;

-- name: ListDayPartitions :many
SELECT d.name::text AS name FROM day_partitions(sqlc.arg(parent)::text) AS d (name);

-- name: ListDetachedPartitions :many
SELECT d.name::text AS name FROM detached_partitions(sqlc.arg(parent)::text) AS d (name);

-- name: ListExpired :many
-- One batch of a subtenant's that are over, oldest first. from_id and before_id
-- bound the partitions that are read.
SELECT id FROM executions
WHERE tenant = sqlc.arg(tenant) AND id >= sqlc.arg(from_id)::uuid AND id < sqlc.arg(before_id)::uuid
  AND status NOT IN ('pending', 'running')
ORDER BY id
LIMIT sqlc.arg(row_limit);

-- name: ListExpiredOfDay :many
-- The same of all subtenants, of one day.
SELECT tenant, id FROM executions
WHERE id >= sqlc.arg(from_id)::uuid AND id < sqlc.arg(before_id)::uuid AND status NOT IN ('pending', 'running')
ORDER BY tenant, id
LIMIT sqlc.arg(row_limit);

-- name: DeleteOldRetries :execrows
-- One batch.
DELETE FROM execution_retries r
USING (SELECT o.tenant, o.execution_id FROM execution_retries o WHERE o.execution_id < sqlc.arg(before_id)::uuid LIMIT sqlc.arg(row_limit)) old
WHERE r.tenant = old.tenant AND r.execution_id = old.execution_id;
