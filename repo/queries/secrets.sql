-- name: PutSecret :exec
INSERT INTO secrets (tenant, name, sealed, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (tenant, name) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at;

-- name: ListSecrets :many
SELECT name, created_at, updated_at, last_read_at, last_read_by FROM secrets
WHERE tenant = sqlc.arg(tenant) AND name > sqlc.arg(after)::text
ORDER BY name
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListSealedSecrets :many
SELECT name, sealed FROM secrets WHERE tenant = $1;

-- name: DeleteSecret :execrows
DELETE FROM secrets WHERE tenant = $1 AND name = $2;

-- name: ListSecretReaders :many
-- The functions and modules whose current code reads any of the names or computes some
-- ('*'), and those whose code has not been read for both yet ('+' is not in secrets).
SELECT f.name, f.kind, f.version, v.id AS version_id, v.secrets
FROM functions f JOIN function_versions v ON v.id = f.version_id
WHERE f.tenant = sqlc.arg(tenant) AND f.is_active AND (v.secrets IS NULL OR NOT v.secrets @> '{+}' OR v.secrets && (sqlc.arg(names)::text[] || '{*}'::text[]))
ORDER BY f.name;

-- name: NoteSecretReads :exec
-- Of different secrets. The rows are locked in one order: servers that note the same
-- ones wait for each other in turn. The latest time stays.
WITH read AS (
    SELECT unnest(sqlc.arg(tenants)::text[]) AS tenant, unnest(sqlc.arg(names)::text[]) AS name, unnest(sqlc.arg(read_ats)::timestamptz[]) AS at, unnest(sqlc.arg(readers)::text[]) AS reader
), found AS (
    SELECT s.tenant, s.name, r.at, r.reader FROM secrets s JOIN read r ON r.tenant = s.tenant AND r.name = s.name
    WHERE s.last_read_at IS NULL OR s.last_read_at < r.at
    ORDER BY s.tenant, s.name
    FOR NO KEY UPDATE OF s
)
UPDATE secrets s SET last_read_at = f.at, last_read_by = nullif(f.reader, '') FROM found f WHERE s.tenant = f.tenant AND s.name = f.name;
