-- name: InsertSubtenant :one
-- No row: the id is taken. Whether it was once can only be asked afterwards:
-- this may have waited for the deletion of a namesake.
INSERT INTO subtenants (id, description) VALUES (sqlc.arg(id), sqlc.narg(description))
ON CONFLICT DO NOTHING
RETURNING *;

-- name: GetSubtenant :one
SELECT * FROM subtenants WHERE id = $1;

-- name: ListSubtenants :many
SELECT * FROM subtenants
WHERE id > sqlc.arg(after)::text
ORDER BY id
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: UpdateSubtenant :one
UPDATE subtenants SET description = sqlc.narg(description), retention_days = sqlc.narg(retention_days), lane = sqlc.arg(lane),
    notify = sqlc.narg(notify) WHERE id = sqlc.arg(id) RETURNING *;

-- name: DeleteSubtenant :execrows
DELETE FROM subtenants WHERE id = $1;

-- name: RememberDeletedSubtenant :exec
INSERT INTO deleted_subtenants (id) VALUES ($1) ON CONFLICT DO NOTHING;

-- name: SubtenantWasDeleted :one
SELECT EXISTS (SELECT 1 FROM deleted_subtenants WHERE id = $1);

-- name: ReleaseAllSegments :exec
UPDATE public_segments SET released_at = now() WHERE tenant = $1 AND released_at IS NULL;

-- name: ListUnpurgedSubtenants :many
SELECT id FROM deleted_subtenants WHERE purged_at IS NULL ORDER BY deleted_at, id;

-- name: NotePurged :exec
-- Not final before a day has passed: runs in progress when the subtenant was
-- deleted, or records in a server's spool file, are written later.
UPDATE deleted_subtenants SET purged_at = now()
WHERE id = $1 AND purged_at IS NULL AND deleted_at <= now() - interval '1 day';

-- name: ListExecutionIDsOf :many
-- One batch, oldest first.
SELECT id FROM executions
WHERE tenant = sqlc.arg(tenant) AND id > sqlc.arg(after_id)::uuid
ORDER BY id
LIMIT sqlc.arg(row_limit);

-- name: DeleteExecutionsOf :execrows
-- from_id and upto_id bound the partitions that are read.
DELETE FROM executions
WHERE tenant = sqlc.arg(tenant) AND id = ANY (sqlc.arg(ids)::uuid[])
  AND id >= sqlc.arg(from_id)::uuid AND id <= sqlc.arg(upto_id)::uuid;

-- name: DeleteStepsOf :execrows
-- from_id and before_id are the days of the executions.
DELETE FROM step_executions
WHERE tenant = sqlc.arg(tenant) AND execution_id = ANY (sqlc.arg(execution_ids)::uuid[])
  AND id >= sqlc.arg(from_id)::uuid AND id < sqlc.arg(before_id)::uuid;

-- name: LockSubtenant :one
-- Puts writers of one subtenant's webhooks in a row; others pass.
SELECT id FROM subtenants WHERE id = $1 FOR NO KEY UPDATE;

-- name: PauseSubtenant :execrows
-- Keeps the time of an earlier pause.
UPDATE subtenants SET paused_at = CASE WHEN sqlc.arg(paused)::boolean THEN COALESCE(paused_at, now()) END WHERE id = sqlc.arg(id);
