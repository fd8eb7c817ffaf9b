-- name: GetFunction :one
SELECT sqlc.embed(f), sqlc.embed(v)
FROM functions f JOIN function_versions v ON v.id = f.version_id
WHERE f.tenant = $1 AND f.name = $2 AND f.is_active;

-- name: LockFunction :one
-- The inactive ones too: a name that comes back continues its history. The
-- version is read afterwards: in a join, a row that changed while this waited
-- for its lock would not match its version any more.
SELECT * FROM functions WHERE tenant = $1 AND name = $2 FOR UPDATE;

-- name: ListFunctionRefs :many
SELECT id, name, version, version_id, updated_at, kind, (quarantined_version IS NOT DISTINCT FROM version)::boolean AS quarantined FROM functions
WHERE tenant = $1 AND is_active
ORDER BY name;

-- name: ListFunctions :many
SELECT sqlc.embed(f), sqlc.embed(v)
FROM functions f JOIN function_versions v ON v.id = f.version_id
WHERE f.tenant = sqlc.arg(tenant)
  AND f.name > sqlc.arg(after)::text
  AND (f.is_active AND NOT f.is_off OR NOT sqlc.arg(active_only)::boolean)
  AND f.tags @> sqlc.arg(tags)::text[]
  AND (sqlc.arg(needle)::text = ''
       OR strpos(lower(f.name), lower(sqlc.arg(needle)::text)) > 0
       OR strpos(lower(f.description), lower(sqlc.arg(needle)::text)) > 0)
ORDER BY f.name
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListBriefFunctions :many
-- As ListFunctions, without code and schemas.
SELECT sqlc.embed(f), v.input_derived, v.output_derived, v.requirements, v.lock
FROM functions f JOIN function_versions v ON v.id = f.version_id
WHERE f.tenant = sqlc.arg(tenant)
  AND f.name > sqlc.arg(after)::text
  AND (f.is_active AND NOT f.is_off OR NOT sqlc.arg(active_only)::boolean)
  AND f.tags @> sqlc.arg(tags)::text[]
  AND (sqlc.arg(needle)::text = ''
       OR strpos(lower(f.name), lower(sqlc.arg(needle)::text)) > 0
       OR strpos(lower(f.description), lower(sqlc.arg(needle)::text)) > 0)
ORDER BY f.name
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: InsertFunction :execrows
-- No row: the name was created concurrently.
INSERT INTO functions
    (id, tenant, name, description, tags, timeout_seconds, is_active, version, version_id, created_at, updated_at, retry, max_concurrency,
     kind, is_off, notify)
VALUES ($1, $2, $3, $4, $5, $6, true, $7, $8, $9, $9, $10, $11, $12, $13, $14)
ON CONFLICT (tenant, name) DO NOTHING;

-- name: UpdateFunction :exec
UPDATE functions
SET description = $3, tags = $4, timeout_seconds = $5, is_active = $6, version = $7, version_id = $8, updated_at = $9,
    retry = $10, max_concurrency = $11, kind = $12, is_off = $13, notify = $14
WHERE tenant = $1 AND id = $2;

-- name: DeactivateFunction :execrows
UPDATE functions SET is_active = false, updated_at = now()
WHERE tenant = $1 AND name = $2 AND is_active;

-- name: InsertFunctionVersion :exec
INSERT INTO function_versions
    (id, tenant, function_id, version, code, input_schema, output_schema, input_derived, output_derived, created_at, created_by,
     requirements, lock)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: FunctionIsActive :one
SELECT EXISTS (SELECT 1 FROM functions WHERE tenant = $1 AND name = $2 AND is_active);

-- name: FunctionExists :one
-- Deleted or not: its history is there either way.
SELECT EXISTS (SELECT 1 FROM functions WHERE tenant = $1 AND name = $2);

-- name: ListFunctionVersions :many
SELECT v.* FROM function_versions v JOIN functions f ON f.id = v.function_id
WHERE f.tenant = sqlc.arg(tenant) AND f.name = sqlc.arg(name) AND v.version < sqlc.arg(before)::integer
ORDER BY v.version DESC
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListBriefVersions :many
-- As ListFunctionVersions, without code and schemas.
SELECT v.id, v.function_id, v.version, v.input_derived, v.output_derived, v.requirements, v.lock, v.created_at, v.created_by
FROM function_versions v JOIN functions f ON f.id = v.function_id
WHERE f.tenant = sqlc.arg(tenant) AND f.name = sqlc.arg(name) AND v.version < sqlc.arg(before)::integer
ORDER BY v.version DESC
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: GetFunctionVersion :one
SELECT v.* FROM function_versions v JOIN functions f ON f.id = v.function_id
WHERE f.tenant = sqlc.arg(tenant) AND f.name = sqlc.arg(name) AND v.version = sqlc.arg(version);

-- name: ListCallers :many
-- The functions and modules whose current code uses or imports any of the
-- names, and those whose code has not been read for that yet (uses is null).
SELECT f.name, v.id AS version_id, v.uses, v.imports
FROM functions f JOIN function_versions v ON v.id = f.version_id
WHERE f.tenant = sqlc.arg(tenant) AND f.is_active
  AND (v.uses IS NULL OR v.uses && sqlc.arg(names)::text[] OR v.imports && sqlc.arg(names)::text[])
ORDER BY f.name;

-- name: GetFunctionKind :one
SELECT kind, is_off FROM functions WHERE tenant = $1 AND name = $2 AND is_active;

-- name: GetVersionCode :one
SELECT code FROM function_versions WHERE tenant = $1 AND id = $2;

-- name: NoteNames :exec
-- Of one version the answer never changes, so the first writer is as good as any.
UPDATE function_versions SET uses = sqlc.arg(uses)::text[], imports = sqlc.arg(imports)::text[], secrets = sqlc.arg(secrets)::text[]
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(version_id) AND (uses IS NULL OR secrets IS NULL OR NOT secrets @> '{+}');

-- name: PauseFunction :execrows
-- Keeps the time of an earlier pause.
UPDATE functions SET paused_at = CASE WHEN sqlc.arg(paused)::boolean THEN COALESCE(paused_at, now()) END, updated_at = now()
WHERE tenant = sqlc.arg(tenant) AND name = sqlc.arg(name) AND is_active AND kind = 'function';

-- name: ListActiveNames :many
-- What the functions, webhooks and schedules of a subtenant are called, by name or id.
SELECT 'function'::text AS kind, f.name AS id, f.name AS name FROM functions f WHERE f.tenant = sqlc.arg(tenant) AND f.is_active
UNION ALL
SELECT 'webhook', w.id::text, w.method || ' ' || w.path FROM webhooks w WHERE w.tenant = sqlc.arg(tenant)
UNION ALL
SELECT 'schedule', j.id::text, j.name FROM scheduled_jobs j WHERE j.tenant = sqlc.arg(tenant);
