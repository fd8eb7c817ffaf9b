-- name: ClaimRuns :many
-- Makes server the one that runs what may begin now: of each function the first
-- by priority and age, at most so many that per_function, or its own limit, run;
-- of each subtenant at most per_tenant; between subtenants round robin, those with
-- the least running first; in all at most room; none during a pause. Where many wait only the first of
-- each are looked at. The caller holds the lock of claims (queue_session.go), so
-- that the counts stay true; a run that is being cancelled is skipped.
-- The rows are found and numbered by arrays: a join could be planned otherwise
-- than by their key.
WITH RECURSIVE waiting AS (
    (SELECT q.tenant, q.function_name FROM queued_runs q WHERE q.claim IS NULL AND q.due ORDER BY q.tenant, q.function_name LIMIT 1)
    UNION ALL
    SELECT n.tenant, n.function_name FROM waiting w CROSS JOIN LATERAL (
        SELECT q.tenant, q.function_name FROM queued_runs q
        WHERE q.claim IS NULL AND q.due AND (q.tenant, q.function_name) > (w.tenant, w.function_name)
        ORDER BY q.tenant, q.function_name LIMIT 1) n
), busy AS (
    SELECT q.tenant, q.function_name, count(*) AS runs FROM queued_runs q WHERE q.claim IS NOT NULL GROUP BY q.tenant, q.function_name
), busy_tenants AS (
    SELECT busy.tenant, sum(busy.runs)::integer AS runs FROM busy GROUP BY busy.tenant
), bounds AS (
    SELECT 4 * sqlc.arg(room)::integer / GREATEST((SELECT count(*) FROM waiting), 1) + 1 AS of_each
), candidates AS (
    SELECT w.tenant, c.execution_id, c.priority,
           row_number() OVER (PARTITION BY w.tenant ORDER BY c.priority, c.execution_id) + COALESCE(t.runs, 0) AS place
    FROM waiting w
    CROSS JOIN bounds
    LEFT JOIN subtenants s ON s.id = w.tenant
    LEFT JOIN LATERAL (SELECT CASE WHEN g.paused_at IS NULL THEN g.max_concurrency ELSE 0 END AS max_concurrency
        FROM functions g WHERE g.tenant = w.tenant AND g.name = w.function_name LIMIT 1) f ON true
    LEFT JOIN busy ON busy.tenant = w.tenant AND busy.function_name = w.function_name
    LEFT JOIN busy_tenants t ON t.tenant = w.tenant
    CROSS JOIN LATERAL (
        SELECT q.execution_id, q.priority FROM queued_runs q
        WHERE q.claim IS NULL AND q.due AND q.tenant = w.tenant AND q.function_name = w.function_name
        ORDER BY q.priority, q.execution_id
        LIMIT GREATEST(LEAST(LEAST(f.max_concurrency, sqlc.arg(per_function)::integer) - COALESCE(busy.runs, 0),
                             sqlc.arg(per_tenant)::integer - COALESCE(t.runs, 0), bounds.of_each), 0)) c
    WHERE s.paused_at IS NULL
), picked AS (
    SELECT candidates.execution_id, candidates.place, candidates.priority FROM candidates
    WHERE candidates.place <= sqlc.arg(per_tenant)::integer
    ORDER BY candidates.place, candidates.priority LIMIT sqlc.arg(room)::integer
), locked AS MATERIALIZED (
    SELECT l.execution_id, row_number() OVER (ORDER BY picked.place, picked.priority, picked.execution_id) AS turn FROM picked
    CROSS JOIN LATERAL (SELECT q.execution_id FROM queued_runs q WHERE q.execution_id = picked.execution_id FOR UPDATE SKIP LOCKED) l
), claimed AS (
    UPDATE queued_runs q SET claim = nextval('queued_run_claims'), server = sqlc.arg(server)
    WHERE q.execution_id = ANY (ARRAY(SELECT locked.execution_id FROM locked))
      AND EXISTS (SELECT 1 FROM servers s WHERE s.id = sqlc.arg(server) AND s.gone_at IS NULL)
    RETURNING q.*, (ARRAY(SELECT locked.turn FROM locked ORDER BY locked.execution_id))[
        width_bucket(q.execution_id, ARRAY(SELECT locked.execution_id FROM locked ORDER BY locked.execution_id))] AS turn
)
SELECT c.execution_id, c.tenant, c.function_name, c.trigger_type, c.trigger_id, c.parent_id, c.created_at, c.priority, c.attempt,
    c.chain, c.policy, c.request, c.input, c.claim, GREATEST(c.run_at, c.created_at)::timestamptz AS due_at,
    EXISTS (SELECT 1 FROM cancels x WHERE x.tenant = c.tenant AND x.execution_id = c.execution_id) AS cancelled
FROM claimed c ORDER BY c.turn;

-- name: ConfirmClaims :many
-- The claims that a server has of runs, where it lost the answer to its commit. A
-- commit that is still under way holds the rows, and is waited for. (A plan with
-- claim = … could read all that is running.)
SELECT q.execution_id, q.claim FROM queued_runs q
WHERE q.execution_id = ANY (sqlc.arg(ids)::uuid[]) AND q.server = sqlc.arg(server)
FOR UPDATE;

-- name: ReleaseRun :exec
-- Its server could not begin it: it waits again.
UPDATE queued_runs SET claim = NULL, server = NULL, due = sqlc.arg(delay_us)::bigint <= 0,
    run_at = now() + sqlc.arg(delay_us)::bigint * interval '1 microsecond', since = now()
WHERE execution_id = sqlc.arg(id) AND claim = sqlc.arg(claim);

-- name: EndQueued :exec
-- As queued_record.go does for many.
DELETE FROM queued_runs WHERE execution_id = sqlc.arg(id) AND claim = sqlc.arg(claim);

-- name: RetryQueued :exec
-- Its attempt has ended and another follows. As queued_record.go does
-- for many.
UPDATE queued_runs SET claim = NULL, server = NULL, attempt = attempt + 1, since = now(),
    due = sqlc.arg(delay_us)::bigint <= 0, run_at = now() + sqlc.arg(delay_us)::bigint * interval '1 microsecond'
WHERE execution_id = sqlc.arg(id) AND claim = sqlc.arg(claim);

-- name: CancelQueued :execrows
-- One that no server has begun.
DELETE FROM queued_runs WHERE tenant = sqlc.arg(tenant) AND execution_id = sqlc.arg(id) AND claim IS NULL;

-- name: CancelPending :one
UPDATE executions SET status = 'cancelled', completed_at = now()
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id) AND status IN ('pending', 'running')
RETURNING *;

-- name: LockOrphaned :many
-- Runs whose server is gone.
SELECT q.execution_id, q.tenant, q.function_name, q.trigger_type, q.trigger_id, q.attempt, q.policy, q.claim,
    EXISTS (SELECT 1 FROM cancels c WHERE c.tenant = q.tenant AND c.execution_id = q.execution_id) AS cancelled
FROM queued_runs q
WHERE q.claim IS NOT NULL AND NOT EXISTS (SELECT 1 FROM servers s WHERE s.id = q.server AND s.gone_at IS NULL)
ORDER BY q.execution_id LIMIT sqlc.arg(row_limit)
FOR UPDATE OF q SKIP LOCKED;

-- name: LockClaimed :many
-- Those of some runs that a server has claimed.
SELECT q.execution_id, q.tenant, q.function_name, q.trigger_type, q.trigger_id, q.attempt, q.policy, q.claim,
    EXISTS (SELECT 1 FROM cancels c WHERE c.tenant = q.tenant AND c.execution_id = q.execution_id) AS cancelled
FROM queued_runs q
WHERE q.execution_id = ANY (sqlc.arg(ids)::uuid[]) AND q.claim IS NOT NULL
ORDER BY q.execution_id
FOR UPDATE OF q;

-- name: ReleaseClaimsOf :many
-- The runs that servers have claimed and not begun wait again, without an attempt.
UPDATE queued_runs q SET claim = NULL, server = NULL, due = true, run_at = now(), since = now()
WHERE q.claim IS NOT NULL AND q.server = ANY (sqlc.arg(servers)::uuid[]) AND NOT q.execution_id = ANY (sqlc.arg(begun)::uuid[])
RETURNING q.execution_id;

-- name: NoteCrash :execrows
-- No row: it has come to its end by a record.
UPDATE executions SET status = sqlc.arg(status), attempt = sqlc.arg(attempt), error = sqlc.arg(error), error_type = sqlc.arg(error_type),
    traceback = sqlc.narg(traceback),
    completed_at = CASE WHEN sqlc.arg(status) <> 'pending' THEN now() END
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id) AND status IN ('pending', 'running');

-- name: CrashRunsOf :many
-- The synchronous ones; the asynchronous ones are LockOrphaned's.
UPDATE executions e SET status = 'crashed', error = sqlc.arg(error)::text, error_type = 'Crashed', completed_at = now()
WHERE e.status = 'running' AND e.server = ANY (sqlc.arg(servers)::text[])
  AND NOT EXISTS (SELECT 1 FROM queued_runs q WHERE q.execution_id = e.id)
RETURNING e.id, e.tenant, e.function_name, e.trigger_type;

-- name: CountQueued :one
-- Of a subtenant, as far as most.
SELECT ((SELECT count(*) FROM (SELECT 1 FROM queued_runs q WHERE q.tenant = sqlc.arg(tenant) AND q.claim IS NULL AND q.due LIMIT sqlc.arg(most)) AS due)
    + (SELECT count(*) FROM (SELECT 1 FROM queued_runs q WHERE q.tenant = sqlc.arg(tenant) AND NOT q.due LIMIT sqlc.arg(most)) AS later))::bigint AS waiting;

-- name: CountQueuedOf :one
-- Of a schedule. A retry on request has the trigger of the run that
-- it repeats, and is none of the schedule's own.
SELECT count(*) FROM queued_runs WHERE tenant = sqlc.arg(tenant) AND trigger_id = sqlc.arg(trigger_id) AND trigger_type = 'schedule';

-- name: DeleteQueuedOf :exec
DELETE FROM queued_runs WHERE tenant = $1;

-- name: MakeDue :one
-- Those whose time has come may begin from now on. The answer is whether any run
-- may.
WITH ripe AS (
    SELECT q.execution_id FROM queued_runs q WHERE NOT q.due AND q.run_at <= now() ORDER BY q.run_at LIMIT 10000 FOR UPDATE SKIP LOCKED
), made AS (
    UPDATE queued_runs q SET due = true FROM ripe WHERE q.execution_id = ripe.execution_id RETURNING 1)
SELECT (EXISTS (SELECT 1 FROM made) OR EXISTS (SELECT 1 FROM queued_runs q WHERE q.claim IS NULL AND q.due))::boolean;

-- name: PauseAnew :execrows
-- The clock was put back since their pauses began: they would last for so much
-- longer.
UPDATE queued_runs SET run_at = now() + (run_at - since), since = now() WHERE NOT due AND since > now() + interval '1 second';

-- name: CountHeld :one
-- The runs of a subtenant, of one function if it is named: that wait, and that run.
SELECT count(*) FILTER (WHERE claim IS NULL)::integer AS waiting, count(*) FILTER (WHERE claim IS NOT NULL)::integer AS running
FROM queued_runs WHERE tenant = sqlc.arg(tenant) AND (function_name = sqlc.narg(function_name) OR sqlc.narg(function_name) IS NULL);
