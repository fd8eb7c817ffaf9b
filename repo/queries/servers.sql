-- name: LockFolder :exec
-- Puts the servers that start on one data folder in a row.
SELECT pg_advisory_xact_lock(hashtextextended('maestro.folder ' || sqlc.arg(folder)::text, 0));

-- name: ListServersOf :many
-- Those of a data folder that are not gone.
SELECT id FROM servers WHERE folder = $1 AND gone_at IS NULL;

-- name: RetireFolder :many
UPDATE servers SET gone_at = now() WHERE folder = $1 AND gone_at IS NULL RETURNING id;

-- name: InsertServer :exec
INSERT INTO servers (id, name, folder) VALUES ($1, $2, $3);

-- name: Beat :execrows
-- No row: it was declared gone.
UPDATE servers SET beats = beats + 1, last_seen = now() WHERE id = $1 AND gone_at IS NULL;

-- name: ListServers :many
SELECT id, name, beats, started_at, last_seen FROM servers WHERE gone_at IS NULL ORDER BY id;

-- name: RetireServer :execrows
-- No row: it has shown life since, or is gone already.
UPDATE servers SET gone_at = now()
WHERE id = sqlc.arg(id) AND gone_at IS NULL AND (beats = sqlc.narg(beats)::bigint OR sqlc.narg(beats)::bigint IS NULL);

-- name: ForgetServers :execrows
DELETE FROM servers WHERE settled AND gone_at < now() - interval '30 days';

-- name: ListUnsettled :many
-- Dead servers whose synchronous runs may still be recorded as running.
SELECT id FROM servers WHERE gone_at IS NOT NULL AND NOT settled;

-- name: NoteSettled :exec
UPDATE servers SET settled = true WHERE id = ANY (sqlc.arg(ids)::uuid[]);
