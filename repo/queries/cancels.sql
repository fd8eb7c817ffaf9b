-- name: InsertCancel :exec
INSERT INTO cancels (tenant, execution_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: ListCancels :many
SELECT execution_id FROM cancels WHERE tenant = $1;

-- name: DeleteOldCancels :exec
DELETE FROM cancels WHERE asked_at < now() - interval '1 day';
