-- name: NoteChange :exec
-- Counts the change and tells it, both with the commit. The row stays locked
-- until then: numbers are committed in their order.
WITH noted AS (
    INSERT INTO changes AS c (tenant, kind, number) VALUES (sqlc.arg(tenant), sqlc.arg(kind), 1)
    ON CONFLICT (tenant, kind) DO UPDATE SET number = c.number + 1
    RETURNING tenant, kind, number)
SELECT pg_notify('maestro_changes', json_build_object('tenant', tenant, 'kind', kind, 'number', number)::text) FROM noted;

-- name: SumChanges :one
-- Grows with every change, of any kind and subtenant.
SELECT coalesce(sum(number), 0)::bigint FROM changes;

-- name: ListChanges :many
SELECT * FROM changes;
