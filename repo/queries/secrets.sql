-- name: PutSecret :exec
INSERT INTO secrets (tenant, name, sealed, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (tenant, name) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at;

-- name: ListSecrets :many
SELECT name, created_at, updated_at FROM secrets
WHERE tenant = sqlc.arg(tenant) AND name > sqlc.arg(after)::text
ORDER BY name
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListSealedSecrets :many
SELECT name, sealed FROM secrets WHERE tenant = $1;

-- name: DeleteSecret :execrows
DELETE FROM secrets WHERE tenant = $1 AND name = $2;
