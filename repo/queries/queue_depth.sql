-- name: ListQueueOfTenant :many
-- The runs of each function that has some in the queue, and of those that are paused. Ages in
-- microseconds, -1: none waits. run_at is -infinity in rows of old versions.
SELECT COALESCE(q.function_name, f.name)::text AS function_name, COALESCE(q.waiting, 0)::bigint AS waiting,
    COALESCE(q.delayed, 0)::bigint AS delayed, COALESCE(q.running, 0)::bigint AS running, COALESCE(q.oldest_us, -1)::bigint AS oldest_us,
    f.paused_at, f.max_concurrency
FROM (
    SELECT r.function_name, count(*) FILTER (WHERE r.claim IS NULL AND r.due) AS waiting, count(*) FILTER (WHERE NOT r.due) AS delayed,
        count(*) FILTER (WHERE r.claim IS NOT NULL) AS running,
        (extract(epoch FROM now() - min(GREATEST(r.run_at, r.created_at)) FILTER (WHERE r.due AND r.claim IS NULL)) * 1000000)::bigint AS oldest_us
    FROM queued_runs r WHERE r.tenant = sqlc.arg(tenant) GROUP BY r.function_name
) AS q
FULL JOIN (SELECT g.name, g.paused_at, g.max_concurrency FROM functions g WHERE g.tenant = sqlc.arg(tenant) AND g.is_active) AS f ON f.name = q.function_name
WHERE q.function_name IS NOT NULL OR f.paused_at IS NOT NULL
ORDER BY 1;

-- name: ListQueueOfAll :many
-- As above, of each subtenant that has runs in the queue, or is paused.
SELECT COALESCE(q.tenant, s.id)::text AS tenant, COALESCE(q.waiting, 0)::bigint AS waiting,
    COALESCE(q.delayed, 0)::bigint AS delayed, COALESCE(q.running, 0)::bigint AS running, COALESCE(q.oldest_us, -1)::bigint AS oldest_us,
    s.paused_at
FROM (
    SELECT r.tenant, count(*) FILTER (WHERE r.claim IS NULL AND r.due) AS waiting, count(*) FILTER (WHERE NOT r.due) AS delayed,
        count(*) FILTER (WHERE r.claim IS NOT NULL) AS running,
        (extract(epoch FROM now() - min(GREATEST(r.run_at, r.created_at)) FILTER (WHERE r.due AND r.claim IS NULL)) * 1000000)::bigint AS oldest_us
    FROM queued_runs r GROUP BY r.tenant
) AS q
FULL JOIN subtenants s ON s.id = q.tenant
WHERE q.tenant IS NOT NULL OR s.paused_at IS NOT NULL
ORDER BY 1;
