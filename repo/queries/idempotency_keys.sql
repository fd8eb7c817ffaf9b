-- name: ClaimKey :one
-- No row: this key's request is running, or its response is stored. A key that
-- has expired, or whose server is dead, can be claimed again; of the runs that
-- the same request may have made before, the last hundred are kept.
INSERT INTO idempotency_keys AS k (tenant, key, fingerprint, execution_id, server, leased_until, expires_at)
VALUES (sqlc.arg(tenant), sqlc.arg(key), sqlc.arg(fingerprint), sqlc.arg(execution_id), sqlc.narg(server),
        now() + sqlc.arg(lease)::interval, now() + sqlc.arg(keep)::interval)
ON CONFLICT (tenant, key) DO UPDATE
SET fingerprint = excluded.fingerprint, execution_id = excluded.execution_id, server = excluded.server,
    abandoned_ids = CASE WHEN k.status IS NULL AND k.fingerprint = excluded.fingerprint
        THEN (k.abandoned_ids || k.execution_id)[greatest(cardinality(k.abandoned_ids) - 98, 1):] ELSE '{}' END,
    leased_until = excluded.leased_until, expires_at = excluded.expires_at, status = NULL, answer = NULL
WHERE (k.status IS NULL OR k.expires_at <= now())
  AND (k.leased_until <= now() - sqlc.arg(grace)::interval OR EXISTS (SELECT 1 FROM servers s WHERE s.id = k.server AND s.gone_at IS NOT NULL))
RETURNING abandoned_ids;

-- name: GetKey :one
SELECT fingerprint, execution_id, status, answer FROM idempotency_keys WHERE tenant = $1 AND key = $2;

-- name: RenewKey :batchexec
UPDATE idempotency_keys SET leased_until = now() + sqlc.arg(lease)::interval
WHERE tenant = sqlc.arg(tenant) AND key = sqlc.arg(key) AND execution_id = sqlc.arg(execution_id) AND status IS NULL;

-- name: FinishKey :execrows
-- No row: the lease expired, and another request has claimed the key.
UPDATE idempotency_keys SET status = sqlc.arg(status)::integer, answer = sqlc.arg(answer)
WHERE tenant = sqlc.arg(tenant) AND key = sqlc.arg(key) AND execution_id = sqlc.arg(execution_id) AND status IS NULL;

-- name: ReleaseKey :execrows
-- No row: it is not the caller's, or earlier runs of its request have to be
-- remembered.
DELETE FROM idempotency_keys
WHERE tenant = sqlc.arg(tenant) AND key = sqlc.arg(key) AND execution_id = sqlc.arg(execution_id) AND status IS NULL
  AND abandoned_ids = '{}';

-- name: SuspendKey :exec
-- The next repeat takes it over at once.
UPDATE idempotency_keys SET leased_until = '-infinity'
WHERE tenant = sqlc.arg(tenant) AND key = sqlc.arg(key) AND execution_id = sqlc.arg(execution_id) AND status IS NULL;

-- name: DeleteExpiredKeys :execrows
-- One batch. A request may run for longer than its key is kept.
DELETE FROM idempotency_keys k
USING (SELECT e.tenant, e.key FROM idempotency_keys e
       WHERE e.expires_at <= now() AND (e.status IS NOT NULL OR e.leased_until <= now())
       LIMIT sqlc.arg(row_limit) FOR UPDATE SKIP LOCKED) expired
WHERE k.tenant = expired.tenant AND k.key = expired.key;

-- name: DeleteKeysOf :execrows
-- One batch of a subtenant's.
DELETE FROM idempotency_keys d
WHERE d.tenant = sqlc.arg(tenant) AND d.key IN (
    SELECT k.key FROM idempotency_keys k WHERE k.tenant = sqlc.arg(tenant) LIMIT sqlc.arg(row_limit));
