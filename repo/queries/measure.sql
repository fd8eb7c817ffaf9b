-- name: Measure :one
-- The backlogs of all servers; ages in microseconds. run_at is -infinity in rows of
-- old versions. Pauses are looked up only while runs wait.
SELECT runs.*, due.*, (SELECT count(*) FROM servers s WHERE s.gone_at IS NULL) AS servers,
    (SELECT count(*) FROM functions f WHERE f.is_active AND f.quarantined_version = f.version) AS quarantined
FROM (
    SELECT count(*) FILTER (WHERE NOT q.due) AS delayed,
        count(*) FILTER (WHERE q.due AND q.claim IS NULL AND NOT q.held) AS waiting,
        count(*) FILTER (WHERE q.due AND q.claim IS NULL AND q.held) AS paused,
        count(*) FILTER (WHERE q.claim IS NOT NULL) AS running,
        COALESCE(extract(epoch FROM now() - min(q.since) FILTER (WHERE NOT q.due)) * 1000000, 0)::bigint AS delayed_us,
        COALESCE(extract(epoch FROM now() - min(GREATEST(q.run_at, q.created_at)) FILTER (WHERE q.due AND q.claim IS NULL AND NOT q.held)) * 1000000, 0)::bigint AS waiting_us,
        COALESCE(extract(epoch FROM now() - min(GREATEST(q.run_at, q.created_at)) FILTER (WHERE q.due AND q.claim IS NULL AND q.held)) * 1000000, 0)::bigint AS paused_us,
        COALESCE(extract(epoch FROM now() - min(GREATEST(q.run_at, q.created_at)) FILTER (WHERE q.claim IS NOT NULL)) * 1000000, 0)::bigint AS running_us
    FROM (
        SELECT r.due, r.claim, r.since, r.run_at, r.created_at, r.due AND r.claim IS NULL AND (
            r.tenant IN (SELECT s.id FROM subtenants s WHERE s.paused_at IS NOT NULL)
            OR (r.tenant, r.function_name) IN (SELECT f.tenant, f.name FROM functions f WHERE f.is_active AND f.paused_at IS NOT NULL)) AS held
        FROM queued_runs r) AS q
) AS runs, (
    SELECT count(*) AS overdue,
        COALESCE(extract(epoch FROM now() - min(COALESCE(j.held_until, j.next_run))) * 1000000, 0)::bigint AS overdue_us
    FROM scheduled_jobs j WHERE j.is_active AND COALESCE(j.held_until, j.next_run) <= now()
) AS due;
