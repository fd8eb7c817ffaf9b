-- name: ServerVersion :one
SELECT current_setting('server_version_num')::integer;
