-- name: GetPackageState :one
-- The current environment with it; number 0 for none.
SELECT coalesce(s.revision, 0)::integer AS revision, coalesce(s.environment, 0)::integer AS environment, e.lock, e.created_at, e.created_by, t.lane, (t.paused_at IS NOT NULL)::boolean AS paused,
    COALESCE(t.notify::text <> '"off"', false)::boolean AS notified
FROM subtenants t LEFT JOIN package_states s ON s.tenant = t.id LEFT JOIN environments e ON e.tenant = t.id AND e.number = s.environment
WHERE t.id = $1;

-- name: ListProcessPackages :many
-- The packages that need the process lane, of the current environments of some
-- subtenants.
SELECT s.tenant, (p.value ->> 'name')::text AS name, (p.value ->> 'needs_process')::text AS needs_process
FROM package_states s JOIN environments e ON e.tenant = s.tenant AND e.number = s.environment,
    json_array_elements(e.lock) WITH ORDINALITY AS p (value, place)
WHERE s.tenant = ANY (sqlc.arg(tenants)::text[]) AND p.value ->> 'needs_process' IS NOT NULL
ORDER BY s.tenant, p.place;

-- name: BeginPackageState :exec
INSERT INTO package_states (tenant, revision, environment) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING;

-- name: LockPackageState :one
SELECT revision, environment FROM package_states WHERE tenant = $1 FOR UPDATE;

-- name: SetPackageState :exec
UPDATE package_states SET revision = revision + 1, environment = $2 WHERE tenant = $1;

-- name: GetEnvironment :one
SELECT * FROM environments WHERE tenant = $1 AND number = $2;

-- name: InsertEnvironment :exec
INSERT INTO environments (tenant, number, lock, created_by) VALUES ($1, $2, $3, $4);

-- name: DeleteOldEnvironments :execrows
-- Function versions remember their own locks: these are of no more use.
DELETE FROM environments e
WHERE e.created_at < now() - interval '7 days'
  AND e.number < (SELECT s.environment FROM package_states s WHERE s.tenant = e.tenant);

-- name: ListRequirements :many
-- Of the current versions of active functions, those that have any.
SELECT f.name, v.requirements FROM functions f JOIN function_versions v ON v.id = f.version_id
WHERE f.tenant = $1 AND f.is_active AND v.requirements <> '{}'
ORDER BY f.name;

-- name: ListRequestedPackages :many
SELECT name, requirement::text AS requirement FROM installed_packages
WHERE tenant = $1 AND requirement IS NOT NULL ORDER BY name;

-- name: ListPackages :many
SELECT * FROM installed_packages
WHERE tenant = sqlc.arg(tenant) AND name > sqlc.arg(after)::text AND (sqlc.arg(all_of_them)::boolean OR requirement IS NOT NULL)
ORDER BY name
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: GetPackage :one
SELECT * FROM installed_packages WHERE tenant = $1 AND name = $2;

-- name: DeletePackagesBut :exec
DELETE FROM installed_packages WHERE tenant = sqlc.arg(tenant) AND name <> ALL (sqlc.arg(names)::text[]);

-- name: UpsertPackages :exec
-- One whose version and request stay keeps its id, time and author.
INSERT INTO installed_packages AS p (id, tenant, name, version, requirement, installed_at, installed_by)
SELECT r.id, sqlc.arg(tenant), r.name, r.version, NULLIF(r.requirement, ''), now(), sqlc.narg(installed_by)
FROM (SELECT unnest(sqlc.arg(ids)::uuid[]) AS id, unnest(sqlc.arg(names)::text[]) AS name,
             unnest(sqlc.arg(versions)::text[]) AS version, unnest(sqlc.arg(requirements)::text[]) AS requirement) AS r
ON CONFLICT (tenant, name) DO UPDATE
SET version = excluded.version, requirement = excluded.requirement, installed_at = excluded.installed_at, installed_by = excluded.installed_by
WHERE p.version <> excluded.version OR p.requirement IS DISTINCT FROM excluded.requirement;

-- name: InsertInstall :one
INSERT INTO package_installs (id, tenant, name, requirement, status, server, created_at, created_by)
VALUES ($1, $2, $3, $4, 'pending', $5, $6, $7)
RETURNING *;

-- name: GetInstall :one
SELECT * FROM package_installs WHERE tenant = $1 AND id = $2;

-- name: BeginInstall :exec
UPDATE package_installs SET status = 'running' WHERE tenant = $1 AND id = $2 AND completed_at IS NULL;

-- name: AppendInstallLog :exec
UPDATE package_installs SET log = log || sqlc.arg(lines)::text[] WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id);

-- name: EndInstall :exec
UPDATE package_installs SET status = sqlc.arg(status), error = sqlc.narg(error), error_code = sqlc.narg(error_code), completed_at = now()
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id) AND completed_at IS NULL;

-- name: CompleteInstall :execrows
-- In the transaction that commits the installed packages.
UPDATE package_installs SET status = 'completed', completed_at = now()
WHERE tenant = $1 AND id = $2 AND completed_at IS NULL;

-- name: FailLostInstalls :execrows
-- Those whose server is gone.
UPDATE package_installs i SET status = 'failed', error = sqlc.arg(error)::text, error_code = sqlc.arg(error_code)::text, completed_at = now()
WHERE i.completed_at IS NULL AND NOT EXISTS (SELECT 1 FROM servers s WHERE s.id = i.server AND s.gone_at IS NULL);

-- name: DeleteOldInstalls :execrows
DELETE FROM package_installs WHERE completed_at < now() - interval '7 days';
