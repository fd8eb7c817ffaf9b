-- name: Measure :one
-- The backlogs of all servers; ages in microseconds. run_at is -infinity in rows of
-- old versions.
SELECT runs.*, due.*, (SELECT count(*) FROM servers s WHERE s.gone_at IS NULL) AS servers,
    (SELECT count(*) FROM functions f WHERE f.is_active AND f.quarantined_version = f.version) AS quarantined
FROM (
    SELECT count(*) FILTER (WHERE NOT q.due) AS delayed,
        count(*) FILTER (WHERE q.due AND q.claim IS NULL) AS waiting,
        count(*) FILTER (WHERE q.claim IS NOT NULL) AS running,
        COALESCE(extract(epoch FROM now() - min(q.since) FILTER (WHERE NOT q.due)) * 1000000, 0)::bigint AS delayed_us,
        COALESCE(extract(epoch FROM now() - min(GREATEST(q.run_at, q.created_at)) FILTER (WHERE q.due AND q.claim IS NULL)) * 1000000, 0)::bigint AS waiting_us,
        COALESCE(extract(epoch FROM now() - min(GREATEST(q.run_at, q.created_at)) FILTER (WHERE q.claim IS NOT NULL)) * 1000000, 0)::bigint AS running_us
    FROM queued_runs q
) AS runs, (
    SELECT count(*) AS overdue,
        COALESCE(extract(epoch FROM now() - min(COALESCE(j.held_until, j.next_run))) * 1000000, 0)::bigint AS overdue_us
    FROM scheduled_jobs j WHERE j.is_active AND COALESCE(j.held_until, j.next_run) <= now()
) AS due;

-- name: QueueByFunction :many
-- A subtenant's backlog; ages in microseconds.
SELECT q.function_name, count(*) FILTER (WHERE NOT q.due) AS delayed,
    count(*) FILTER (WHERE q.due AND q.claim IS NULL) AS waiting,
    count(*) FILTER (WHERE q.claim IS NOT NULL) AS running,
    COALESCE(extract(epoch FROM now() - min(GREATEST(q.run_at, q.created_at)) FILTER (WHERE q.due AND q.claim IS NULL)) * 1000000, 0)::bigint AS waiting_us
FROM queued_runs q WHERE q.tenant = sqlc.arg(tenant) GROUP BY q.function_name ORDER BY q.function_name;

-- name: QueueByTenant :many
-- The same of each subtenant.
SELECT q.tenant, count(*) FILTER (WHERE NOT q.due) AS delayed,
    count(*) FILTER (WHERE q.due AND q.claim IS NULL) AS waiting,
    count(*) FILTER (WHERE q.claim IS NOT NULL) AS running,
    COALESCE(extract(epoch FROM now() - min(GREATEST(q.run_at, q.created_at)) FILTER (WHERE q.due AND q.claim IS NULL)) * 1000000, 0)::bigint AS waiting_us
FROM queued_runs q GROUP BY q.tenant ORDER BY q.tenant;
