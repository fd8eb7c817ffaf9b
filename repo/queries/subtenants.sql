-- name: InsertSubtenant :one
-- No row: the id is taken, or was once.
INSERT INTO subtenants (id, description)
SELECT sqlc.arg(id)::text, sqlc.narg(description)::text
WHERE NOT EXISTS (SELECT 1 FROM deleted_subtenants d WHERE d.id = sqlc.arg(id)::text)
ON CONFLICT DO NOTHING
RETURNING *;

-- name: GetSubtenant :one
SELECT * FROM subtenants WHERE id = $1;

-- name: ListSubtenants :many
SELECT * FROM subtenants
WHERE id > sqlc.arg(after)::text
ORDER BY id
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: DeleteSubtenant :execrows
DELETE FROM subtenants WHERE id = $1;

-- name: RememberDeletedSubtenant :exec
INSERT INTO deleted_subtenants (id) VALUES ($1) ON CONFLICT DO NOTHING;

-- name: ReleaseAllSegments :exec
UPDATE public_segments SET released_at = now() WHERE tenant = $1 AND released_at IS NULL;

-- name: DeleteExecutionsOf :exec
DELETE FROM executions WHERE tenant = $1;

-- name: DeleteStepsOf :exec
DELETE FROM step_executions WHERE tenant = $1;

-- name: SetMetaOnce :one
-- The first writer's value stays and is what everyone gets back.
INSERT INTO server_meta (key, value) VALUES (sqlc.arg(fact), sqlc.arg(first_value))
ON CONFLICT (key) DO UPDATE SET key = excluded.key
RETURNING value;

-- name: LockSubtenant :one
-- Puts writers of one subtenant's webhooks in a row; others pass.
SELECT id FROM subtenants WHERE id = $1 FOR NO KEY UPDATE;
