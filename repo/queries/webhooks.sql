-- name: InsertWebhook :exec
INSERT INTO webhooks
    (id, tenant, path, method, function_name, description, default_values, requires_auth,
     input_mode, response_mode, signature, is_active, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13);

-- name: GetWebhook :one
SELECT * FROM webhooks WHERE tenant = $1 AND id = $2;

-- name: LockWebhook :one
SELECT * FROM webhooks WHERE tenant = $1 AND id = $2 FOR UPDATE;

-- name: LockWebhookAt :one
SELECT * FROM webhooks WHERE tenant = $1 AND method = $2 AND path = $3 FOR UPDATE;

-- name: ListWebhooks :many
SELECT * FROM webhooks
WHERE tenant = sqlc.arg(tenant)
  AND (path, method) > (sqlc.arg(after_path)::text, sqlc.arg(after_method)::text)
  AND (is_active OR NOT sqlc.arg(active_only)::boolean)
  AND (sqlc.arg(function_name)::text = '' OR function_name = sqlc.arg(function_name)::text)
ORDER BY path, method
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListActiveWebhooks :many
-- Of every subtenant: the router decides what a caller may reach.
SELECT * FROM webhooks WHERE is_active ORDER BY tenant, path, method;

-- name: UpdateWebhook :exec
UPDATE webhooks
SET path = $3, method = $4, function_name = $5, description = $6, default_values = $7, requires_auth = $8,
    input_mode = $9, response_mode = $10, signature = $11, is_active = $12, updated_at = $13
WHERE tenant = $1 AND id = $2;

-- name: DeleteWebhook :one
DELETE FROM webhooks WHERE tenant = $1 AND id = $2 RETURNING *;

-- name: ClaimSegment :execrows
-- No row: it belongs to another subtenant, or is still reserved for its last owner.
INSERT INTO public_segments (segment, tenant) VALUES (sqlc.arg(segment), sqlc.arg(tenant))
ON CONFLICT (segment) DO UPDATE SET tenant = excluded.tenant, released_at = NULL
WHERE public_segments.tenant = excluded.tenant
   OR public_segments.released_at < now() - interval '30 days';

-- name: ReleaseSegment :exec
-- Lets go of the segment unless another public webhook of the subtenant uses it.
UPDATE public_segments s SET released_at = now()
WHERE s.segment = sqlc.arg(segment) AND s.tenant = sqlc.arg(tenant) AND s.released_at IS NULL
  AND NOT EXISTS (
      SELECT 1 FROM webhooks w
      WHERE w.tenant = sqlc.arg(tenant) AND w.first_segment = sqlc.arg(segment)
        AND w.is_active AND NOT w.requires_auth);

-- name: AddRefusals :exec
-- Of webhooks that are there. One of the same minute, reason and sender is added to.
INSERT INTO webhook_refusals (id, tenant, webhook_id, minute, reason, address, calls, last_at, method, headers)
SELECT r.id, w.tenant, w.id, r.minute, r.reason, r.address, r.calls, r.last_at, r.method, string_to_array(r.headers, ',')
FROM (
    SELECT unnest(sqlc.arg(ids)::uuid[]) AS id, unnest(sqlc.arg(tenants)::text[]) AS tenant, unnest(sqlc.arg(webhook_ids)::uuid[]) AS webhook_id,
        unnest(sqlc.arg(minutes)::timestamptz[]) AS minute, unnest(sqlc.arg(reasons)::text[]) AS reason, unnest(sqlc.arg(addresses)::text[]) AS address,
        unnest(sqlc.arg(calls)::bigint[]) AS calls, unnest(sqlc.arg(last_ats)::timestamptz[]) AS last_at, unnest(sqlc.arg(methods)::text[]) AS method,
        unnest(sqlc.arg(headers)::text[]) AS headers) AS r
JOIN webhooks w ON w.id = r.webhook_id AND w.tenant = r.tenant
ORDER BY w.id, r.minute, r.reason, r.address
ON CONFLICT (webhook_id, minute, reason, address) DO UPDATE SET calls = webhook_refusals.calls + excluded.calls,
    last_at = GREATEST(webhook_refusals.last_at, excluded.last_at), method = excluded.method, headers = excluded.headers;

-- name: TrimRefusals :exec
-- Keeps the newest rows of some webhooks, as many as most says.
DELETE FROM webhook_refusals r
WHERE r.webhook_id = ANY (sqlc.arg(webhook_ids)::uuid[])
  AND r.id < (SELECT n.id FROM webhook_refusals n WHERE n.webhook_id = r.webhook_id ORDER BY n.id DESC OFFSET sqlc.arg(most)::integer - 1 LIMIT 1);

-- name: ListRefusals :many
SELECT id, minute, reason, address, calls, last_at, method, headers FROM webhook_refusals
WHERE tenant = sqlc.arg(tenant) AND webhook_id = sqlc.arg(webhook_id) AND id < sqlc.arg(before)::uuid
ORDER BY id DESC
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: DeleteOldRefusals :exec
-- As executions, each subtenant's at its own term.
DELETE FROM webhook_refusals r USING subtenants s
WHERE s.id = r.tenant AND coalesce(s.retention_days, sqlc.arg(server_days)::integer) > 0
  AND r.last_at < sqlc.arg(now)::timestamptz - make_interval(days => coalesce(s.retention_days, sqlc.arg(server_days)::integer));
