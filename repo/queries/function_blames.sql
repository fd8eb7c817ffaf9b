-- name: LockBlamed :one
-- The function that one of its versions belongs to. A module is none: it runs as part
-- of the function that has imported it.
SELECT f.* FROM functions f
WHERE f.tenant = sqlc.arg(tenant) AND f.name = sqlc.arg(name) AND f.kind = 'function'
  AND EXISTS (SELECT 1 FROM function_versions v WHERE v.function_id = f.id AND v.version = sqlc.arg(version))
FOR UPDATE;

-- name: InsertBlame :exec
INSERT INTO function_blames (tenant, function_id, version, execution_id, cause) VALUES ($1, $2, $3, $4, $5);

-- name: CountBlames :one
-- Those of one version that count.
SELECT count(*)::integer FROM function_blames
WHERE tenant = sqlc.arg(tenant) AND function_id = sqlc.arg(function_id) AND version = sqlc.arg(version)
  AND NOT released AND blamed_at > now() - sqlc.arg(span)::interval;

-- name: QuarantineFunction :exec
UPDATE functions SET quarantined_version = version, quarantined_at = now(), quarantine_reason = sqlc.arg(reason)::text
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id);

-- name: ReleaseFunction :exec
UPDATE functions SET quarantined_version = NULL, quarantined_at = NULL, quarantine_reason = NULL
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id);

-- name: ReleaseBlames :exec
UPDATE function_blames SET released = true WHERE tenant = sqlc.arg(tenant) AND function_id = sqlc.arg(function_id) AND NOT released;

-- name: CountQuarantined :one
-- Of all subtenants.
SELECT count(*)::integer FROM functions WHERE is_active AND quarantined_version = version;

-- name: DeleteOldBlames :exec
DELETE FROM function_blames WHERE blamed_at < now() - interval '30 days';
