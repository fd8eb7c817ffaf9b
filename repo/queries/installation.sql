-- name: ServerVersion :one
SELECT current_setting('server_version_num')::integer;

-- name: SetMetaOnce :one
-- The first writer's value stays and is returned to every caller.
INSERT INTO server_meta (key, value) VALUES (sqlc.arg(fact), sqlc.arg(first_value))
ON CONFLICT (key) DO UPDATE SET key = excluded.key
RETURNING value;
