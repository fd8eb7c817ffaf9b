-- name: SignalFailures :exec
-- Of groups of executions whose end this transaction writes.
SELECT signal_failures(sqlc.arg(tenants)::text[], sqlc.arg(functions)::text[], sqlc.arg(firsts)::timestamptz[], sqlc.arg(ats)::timestamptz[],
    sqlc.arg(counts)::integer[], sqlc.arg(ids)::uuid[], sqlc.arg(parents)::uuid[]);

-- name: SignalCrashes :exec
-- As SignalFailures, of executions that a server that is gone has left: few, and known
-- by their ids.
SELECT signal_failures(array_agg(e.tenant), array_agg(e.function_name), array_agg(COALESCE(e.completed_at, now())), array_agg(e.id), array_agg(e.parent_id))
FROM executions e
WHERE e.id = ANY (sqlc.arg(ids)::uuid[]) AND e.status IN ('failed', 'timed_out', 'crashed') AND e.trigger_type <> 'alert';

-- name: SignalMissed :exec
-- A due time of a schedule has no run. It is looked at once the grace of the setting
-- is over.
INSERT INTO alert_signals (tenant, function_name, at, schedule_id, reason, take_at)
SELECT sqlc.arg(tenant)::text, sqlc.arg(function_name)::text, sqlc.arg(at)::timestamptz, sqlc.arg(schedule_id)::uuid, sqlc.arg(reason)::text,
    sqlc.arg(at)::timestamptz + COALESCE((n.notify ->> 'grace_seconds')::double precision, 0) * interval '1 second'
FROM (SELECT notify_of(sqlc.arg(tenant), sqlc.arg(function_name)) AS notify) n WHERE n.notify IS NOT NULL;

-- name: StartedSince :one
-- Whether a run of the schedule was stored in that time, and has begun.
SELECT EXISTS (
    SELECT 1 FROM executions e
    WHERE e.tenant = sqlc.arg(tenant) AND e.trigger_id = sqlc.arg(schedule_id)::uuid AND e.trigger_type = 'schedule' AND e.status <> 'pending'
      AND e.id >= sqlc.arg(from_id)::uuid AND e.id < sqlc.arg(before_id)::uuid);

-- name: AlertsDue :one
-- Whether there is anything for a round to do.
SELECT (EXISTS (SELECT 1 FROM alert_signals WHERE take_at <= sqlc.arg(now)::timestamptz)
    OR EXISTS (SELECT 1 FROM alert_problems WHERE is_open AND check_at <= sqlc.arg(now)::timestamptz)
    OR EXISTS (SELECT 1 FROM alert_problems WHERE left_out > 0 AND next_at <= sqlc.arg(now)::timestamptz))::boolean;

-- name: TryLockAlerts :one
SELECT pg_try_advisory_xact_lock(hashtext('maestro.alerts'));

-- name: TakeSignals :many
-- The oldest first. of_alert says that the execution was started by one that a
-- message had started, over however many others.
WITH RECURSIVE taken AS (
    DELETE FROM alert_signals WHERE seq IN (SELECT a.seq FROM alert_signals a WHERE a.take_at <= sqlc.arg(now)::timestamptz ORDER BY a.seq LIMIT sqlc.arg(row_limit))
    RETURNING *
), ancestor AS (
    SELECT t.seq, t.parent_id AS id, 1 AS level FROM taken t WHERE t.parent_id IS NOT NULL
    UNION ALL
    SELECT n.seq, e.parent_id, n.level + 1 FROM ancestor n JOIN executions e ON e.id = n.id
    WHERE e.parent_id IS NOT NULL AND n.level < 200
)
SELECT t.seq, t.tenant, t.function_name, t.at, t.execution_id, t.schedule_id, t.reason, t.occurrences, COALESCE(t.first_at, t.at)::timestamptz AS first_at,
    COALESCE(notify_of(t.tenant, t.function_name), 'null')::json AS notify,
    EXISTS (SELECT 1 FROM ancestor n JOIN executions e ON e.id = n.id WHERE n.seq = t.seq AND e.trigger_type = 'alert')::boolean AS of_alert
FROM taken t ORDER BY t.seq;

-- name: GetProblems :many
-- Those that there are, in one round trip.
SELECT p.* FROM alert_problems p
JOIN (SELECT unnest(sqlc.arg(tenants)::text[]) AS tenant, unnest(sqlc.arg(kinds)::text[]) AS kind, unnest(sqlc.arg(subjects)::text[]) AS subject) AS k
    ON p.tenant = k.tenant AND p.kind = k.kind AND p.subject = k.subject;

-- name: PutProblems :exec
-- Different ones, in one round trip. 'epoch' stands for no recovered_at.
INSERT INTO alert_problems (tenant, kind, subject, function_name, is_open, is_reported, opened_at, last_at, execution_id, reason, left_out,
    next_at, check_at, recovered_at, recovered_by)
SELECT r.tenant, r.kind, r.subject, r.function_name, r.is_open, r.is_reported, r.opened_at, r.last_at, r.execution_id, NULLIF(r.reason, ''), r.left_out,
    r.next_at, r.check_at, NULLIF(r.recovered_at, 'epoch'::timestamptz), r.recovered_by
FROM (SELECT unnest(sqlc.arg(tenants)::text[]) AS tenant, unnest(sqlc.arg(kinds)::text[]) AS kind, unnest(sqlc.arg(subjects)::text[]) AS subject,
          unnest(sqlc.arg(functions)::text[]) AS function_name, unnest(sqlc.arg(are_open)::boolean[]) AS is_open,
          unnest(sqlc.arg(are_reported)::boolean[]) AS is_reported, unnest(sqlc.arg(opened_ats)::timestamptz[]) AS opened_at,
          unnest(sqlc.arg(last_ats)::timestamptz[]) AS last_at, unnest(sqlc.arg(executions)::uuid[]) AS execution_id,
          unnest(sqlc.arg(reasons)::text[]) AS reason, unnest(sqlc.arg(left_outs)::bigint[]) AS left_out,
          unnest(sqlc.arg(next_ats)::timestamptz[]) AS next_at, unnest(sqlc.arg(check_ats)::timestamptz[]) AS check_at,
          unnest(sqlc.arg(recovered_ats)::timestamptz[]) AS recovered_at, unnest(sqlc.arg(recovered_bys)::uuid[]) AS recovered_by) AS r
ON CONFLICT (tenant, kind, subject) DO UPDATE SET function_name = excluded.function_name, is_open = excluded.is_open,
    is_reported = excluded.is_reported, opened_at = excluded.opened_at, last_at = excluded.last_at, execution_id = excluded.execution_id,
    reason = excluded.reason, left_out = excluded.left_out, next_at = excluded.next_at, check_at = excluded.check_at,
    recovered_at = excluded.recovered_at, recovered_by = excluded.recovered_by;

-- name: DeleteProblem :exec
DELETE FROM alert_problems WHERE tenant = $1 AND kind = $2 AND subject = $3;

-- name: ListProblemsToTell :many
-- Those that may have a message again, for the occurrences that were left out.
SELECT sqlc.embed(p), COALESCE(notify_of(p.tenant, p.function_name), 'null')::json AS notify FROM alert_problems p
WHERE p.left_out > 0 AND p.next_at <= sqlc.arg(now)::timestamptz ORDER BY p.next_at LIMIT sqlc.arg(row_limit);

-- name: ListProblemsToCheck :many
-- Open ones, with what shows that they are over: an execution of the function that was
-- begun and has succeeded since, or a later start of the schedule.
SELECT sqlc.embed(p), COALESCE(notify_of(p.tenant, p.function_name), 'null')::json AS notify,
    e.id AS succeeded, COALESCE(e.completed_at, j.last_run) AS over_at,
    EXISTS (SELECT 1 FROM functions f WHERE f.tenant = p.tenant AND f.name = p.function_name AND f.is_active)::boolean AS function_there,
    (j.id IS NOT NULL)::boolean AS schedule_there, j.is_active AS schedule_active,
    COALESCE(j.last_run >= p.last_at AND j.last_status NOT IN ('skipped', 'pending'), false)::boolean AS started
FROM alert_problems p
LEFT JOIN LATERAL (
    SELECT s.id, s.completed_at FROM executions s
    WHERE p.kind = 'failed' AND s.tenant = p.tenant AND s.function_name = p.subject AND s.id > p.execution_id
      AND s.status = 'completed' AND s.completed_at > p.last_at
    ORDER BY s.id LIMIT 1) e ON true
LEFT JOIN scheduled_jobs j ON j.id = CASE WHEN p.kind = 'missed' THEN p.subject::uuid END AND j.tenant = p.tenant
WHERE p.is_open AND p.check_at <= sqlc.arg(now)::timestamptz
ORDER BY p.check_at LIMIT sqlc.arg(row_limit);

-- name: ListLateStarts :many
-- Schedules with a setting whose due time has passed without a start, or whose run of
-- it waits in the queue, unless their runs are paused.
SELECT j.id, j.tenant, j.function_name, notify_of(j.tenant, j.function_name)::json AS notify,
    COALESCE(w.created_at, j.next_run)::timestamptz AS due, (w.created_at IS NOT NULL)::boolean AS queued
FROM scheduled_jobs j
JOIN subtenants s ON s.id = j.tenant
JOIN functions f ON f.tenant = j.tenant AND f.name = j.function_name
LEFT JOIN LATERAL (
    SELECT q.created_at FROM queued_runs q
    WHERE q.trigger_id = j.id AND q.tenant = j.tenant AND q.trigger_type = 'schedule' AND q.claim IS NULL AND q.attempt = 1
      AND q.created_at <= sqlc.arg(before)::timestamptz
    ORDER BY q.execution_id LIMIT 1) w ON true
WHERE j.is_active AND s.paused_at IS NULL AND f.paused_at IS NULL AND COALESCE(f.notify, s.notify) IS NOT NULL
  AND notify_of(j.tenant, j.function_name) IS NOT NULL
  AND (COALESCE(j.held_until, j.next_run) <= sqlc.arg(before)::timestamptz OR w.created_at IS NOT NULL);

-- name: DeleteOldProblems :exec
-- That are over, and have told all.
DELETE FROM alert_problems WHERE NOT is_open AND left_out = 0 AND next_at < now() - interval '1 day';

-- name: InsertDelivery :one
INSERT INTO alert_deliveries (id, tenant, type, problem, function_name, payload, attempts, next_at, target, created_at, last_attempt_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
RETURNING *;

-- name: ClaimDeliveries :many
-- Makes the caller the one that attempts the messages that are due, at most per_tenant of each
-- subtenant and none of those that are busy: until next_at, when another one may.
WITH due AS (
    SELECT d.id, row_number() OVER (PARTITION BY d.tenant ORDER BY d.next_at, d.seq) AS place
    FROM alert_deliveries d
    WHERE d.status = 'pending' AND d.next_at <= sqlc.arg(now)::timestamptz AND NOT d.tenant = ANY (sqlc.arg(busy)::text[])
      AND NOT EXISTS (SELECT 1 FROM alert_deliveries e
          WHERE e.tenant = d.tenant AND e.problem = d.problem AND e.status = 'pending' AND e.seq < d.seq)
), claimed AS (
    SELECT l.id FROM alert_deliveries l
    WHERE l.id IN (SELECT due.id FROM due WHERE due.place <= sqlc.arg(per_tenant)::integer ORDER BY due.place, due.id LIMIT sqlc.arg(room)::integer)
      AND l.status = 'pending' AND l.next_at <= sqlc.arg(now)::timestamptz
    FOR UPDATE SKIP LOCKED
), attempted AS (
    UPDATE alert_deliveries d SET attempts = d.attempts + 1, next_at = sqlc.arg(until)::timestamptz, last_attempt_at = sqlc.arg(now)::timestamptz
    FROM claimed WHERE d.id = claimed.id
    RETURNING d.*
)
SELECT a.*, COALESCE(notify_of(a.tenant, a.function_name), 'null')::json AS notify FROM attempted a ORDER BY a.seq;

-- name: EndAttempt :execrows
-- Of the attempt of that number, unless another one has begun since.
UPDATE alert_deliveries SET status = sqlc.arg(status), next_at = sqlc.arg(next_at), target = sqlc.narg(target),
    status_code = sqlc.narg(status_code), error = sqlc.narg(error),
    ended_at = CASE WHEN sqlc.arg(status)::text <> 'pending' THEN sqlc.arg(now)::timestamptz END
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id) AND status = 'pending' AND attempts = sqlc.arg(attempt);

-- name: ReleaseAttempt :exec
-- It was not made.
UPDATE alert_deliveries SET attempts = attempts - 1, next_at = sqlc.arg(now)::timestamptz
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id) AND status = 'pending' AND attempts = sqlc.arg(attempt);

-- name: ListDeliveries :many
SELECT * FROM alert_deliveries
WHERE tenant = sqlc.arg(tenant) AND id < sqlc.arg(before)::uuid
  AND (sqlc.narg(function_name)::text IS NULL OR function_name = sqlc.narg(function_name)::text)
  AND (sqlc.narg(status)::text IS NULL OR status = sqlc.narg(status)::text)
ORDER BY id DESC
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: ListBriefDeliveries :many
-- Without their payloads.
SELECT id, tenant, type, problem, function_name, status, attempts, next_at, target, status_code, error, created_at, last_attempt_at, ended_at
FROM alert_deliveries
WHERE tenant = sqlc.arg(tenant) AND id < sqlc.arg(before)::uuid
  AND (sqlc.narg(function_name)::text IS NULL OR function_name = sqlc.narg(function_name)::text)
  AND (sqlc.narg(status)::text IS NULL OR status = sqlc.narg(status)::text)
ORDER BY id DESC
LIMIT sqlc.arg(row_limit) OFFSET sqlc.arg(row_offset);

-- name: CountTests :one
SELECT count(*) FROM alert_deliveries
WHERE tenant = sqlc.arg(tenant) AND type = 'notify.test' AND id >= sqlc.arg(from_id)::uuid;

-- name: DeleteOldDeliveries :exec
DELETE FROM alert_deliveries WHERE status <> 'pending' AND ended_at < now() - interval '30 days';

-- name: GetNotify :one
-- What holds for a function of the subtenant, or as its default.
SELECT notify, COALESCE(notify_of(id, sqlc.narg(function_name)), 'null')::json AS effective FROM subtenants WHERE id = sqlc.arg(id);

-- name: SetNotify :execrows
UPDATE subtenants SET notify = sqlc.narg(notify) WHERE id = sqlc.arg(id);

-- name: DeleteAlertSignalsOf :exec
DELETE FROM alert_signals WHERE tenant = $1;

-- name: DeleteAlertProblemsOf :exec
DELETE FROM alert_problems WHERE tenant = $1;

-- name: DeleteAlertDeliveriesOf :exec
DELETE FROM alert_deliveries WHERE tenant = $1;
