-- name: InsertCancel :exec
INSERT INTO cancels (tenant, execution_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: ListCancels :many
-- The latest: every claim of a run checks itself whether it was cancelled.
SELECT execution_id FROM cancels WHERE tenant = $1 ORDER BY asked_at DESC LIMIT 1000;

-- name: DeleteOldCancels :exec
DELETE FROM cancels c
WHERE c.asked_at < now() - interval '1 day' AND NOT EXISTS (SELECT 1 FROM queued_runs q WHERE q.execution_id = c.execution_id);
