-- name: Notify :exec
SELECT pg_notify('maestro_changes', sqlc.arg(payload)::text);

-- name: ServerVersion :one
SELECT current_setting('server_version_num')::integer;
