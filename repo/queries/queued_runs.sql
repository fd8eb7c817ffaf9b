-- name: TryLockDispatch :one
-- One server at a time hands runs over (queue_session.go).
SELECT pg_try_advisory_xact_lock(hashtext('maestro.dispatch'))::boolean;

-- name: MayHand :one
-- Whether PickRuns would pick a run that was just stored: none of its subtenant
-- waits before it, and the limits leave room.
SELECT (NOT EXISTS (
        SELECT 1 FROM queued_runs q
        WHERE q.job IS NULL AND q.due AND q.tenant = sqlc.arg(tenant) AND q.execution_id <> sqlc.arg(id))
    AND (SELECT count(*) FROM queued_runs q WHERE q.job IS NOT NULL AND q.tenant = sqlc.arg(tenant)) < sqlc.arg(per_tenant)::integer
    AND (SELECT count(*) FROM queued_runs q
         WHERE q.job IS NOT NULL AND q.tenant = sqlc.arg(tenant) AND q.function_name = sqlc.arg(function_name))
        < LEAST((SELECT f.max_concurrency FROM functions f WHERE f.tenant = sqlc.arg(tenant) AND f.name = sqlc.arg(function_name)),
                sqlc.arg(per_function)::integer)
    AND (SELECT count(*) FROM queued_runs q WHERE q.job IS NOT NULL)
        < (SELECT count(*) FROM servers s WHERE s.gone_at IS NULL) * sqlc.arg(per_server)::integer + sqlc.arg(ahead)::integer)::boolean;

-- name: PickRuns :many
-- Those that may be handed over now: of each function the first by priority and
-- age, at most so many that per_function, or its own limit, are under way; of
-- each subtenant at most per_tenant; between subtenants round robin, those with
-- the least under way first. In all not more than the servers can take, and ahead
-- beyond that: who comes next waits behind those alone. Where many wait only the
-- first of each are looked at. None can have been handed over meanwhile; one that
-- somebody ends just now is skipped.
WITH RECURSIVE waiting AS (
    (SELECT q.tenant, q.function_name FROM queued_runs q WHERE q.job IS NULL AND q.due ORDER BY q.tenant, q.function_name LIMIT 1)
    UNION ALL
    SELECT n.tenant, n.function_name FROM waiting w CROSS JOIN LATERAL (
        SELECT q.tenant, q.function_name FROM queued_runs q
        WHERE q.job IS NULL AND q.due AND (q.tenant, q.function_name) > (w.tenant, w.function_name)
        ORDER BY q.tenant, q.function_name LIMIT 1) n
), busy AS (
    SELECT q.tenant, q.function_name, count(*) AS runs FROM queued_runs q WHERE q.job IS NOT NULL GROUP BY q.tenant, q.function_name
), busy_tenants AS (
    SELECT busy.tenant, sum(busy.runs)::integer AS runs FROM busy GROUP BY busy.tenant
), bounds AS (
    SELECT GREATEST(LEAST(sqlc.arg(row_limit)::integer,
               (SELECT count(*) FROM servers s WHERE s.gone_at IS NULL) * sqlc.arg(per_server)::integer + sqlc.arg(ahead)::integer
               - COALESCE((SELECT sum(t.runs) FROM busy_tenants t), 0)), 0) AS in_all,
           4 * sqlc.arg(row_limit)::integer / GREATEST((SELECT count(*) FROM waiting), 1) + 1 AS of_each
), candidates AS (
    SELECT w.tenant, c.execution_id, c.priority,
           row_number() OVER (PARTITION BY w.tenant ORDER BY c.priority, c.execution_id) + COALESCE(t.runs, 0) AS place
    FROM waiting w
    CROSS JOIN bounds
    LEFT JOIN LATERAL (SELECT g.max_concurrency FROM functions g WHERE g.tenant = w.tenant AND g.name = w.function_name LIMIT 1) f ON true
    LEFT JOIN busy ON busy.tenant = w.tenant AND busy.function_name = w.function_name
    LEFT JOIN busy_tenants t ON t.tenant = w.tenant
    CROSS JOIN LATERAL (
        SELECT q.execution_id, q.priority FROM queued_runs q
        WHERE q.job IS NULL AND q.due AND q.tenant = w.tenant AND q.function_name = w.function_name
        ORDER BY q.priority, q.execution_id
        LIMIT GREATEST(LEAST(LEAST(f.max_concurrency, sqlc.arg(per_function)::integer) - COALESCE(busy.runs, 0),
                             sqlc.arg(per_tenant)::integer - COALESCE(t.runs, 0), bounds.of_each), 0)) c
), picked AS (
    SELECT candidates.execution_id, candidates.place, candidates.priority FROM candidates
    WHERE candidates.place <= sqlc.arg(per_tenant)::integer
    ORDER BY candidates.place, candidates.priority LIMIT (SELECT bounds.in_all FROM bounds)
)
SELECT locked.execution_id FROM picked
    CROSS JOIN LATERAL (SELECT q.execution_id FROM queued_runs q WHERE q.execution_id = picked.execution_id FOR UPDATE SKIP LOCKED) locked
ORDER BY picked.place, picked.priority;

-- name: HandRuns :exec
-- The ids differ and are in their order: width_bucket finds the place of one by
-- halving. Here and below each is looked up by itself: a join could be planned
-- otherwise.
UPDATE queued_runs q SET state = 'handed', job = (sqlc.arg(jobs)::bigint[])[width_bucket(q.execution_id, sqlc.arg(ids)::uuid[])]
WHERE q.execution_id = ANY (sqlc.arg(ids)::uuid[]);

-- name: ClaimRuns :many
-- Of hand-overs that River gave to a server, those that are still good. The ids
-- differ and are in their order. (A plan with q.job = … may read all that is under
-- way: it was little when the plan was made.) again is for a server that does not know whether its last try was
-- committed.
UPDATE queued_runs q SET state = 'running', server = sqlc.arg(server)
WHERE q.execution_id = ANY (sqlc.arg(ids)::uuid[])
  AND q.job IS NOT DISTINCT FROM (sqlc.arg(jobs)::bigint[])[width_bucket(q.execution_id, sqlc.arg(ids)::uuid[])]
  AND (q.state = 'handed' OR sqlc.arg(again)::boolean AND q.state = 'running' AND q.server = sqlc.arg(server))
  AND EXISTS (SELECT 1 FROM servers s WHERE s.id = sqlc.arg(server) AND s.gone_at IS NULL)
RETURNING q.execution_id, q.tenant, q.function_name, q.trigger_type, q.trigger_id, q.parent_id, q.created_at, q.priority, q.attempt,
    q.chain, q.policy, q.request, q.input, q.job,
    EXISTS (SELECT 1 FROM cancels c WHERE c.tenant = q.tenant AND c.execution_id = q.execution_id) AS cancelled;

-- name: ReturnRun :exec
-- It was not begun, and waits again.
UPDATE queued_runs SET state = 'waiting', job = NULL, server = NULL, due = sqlc.arg(delay_us)::bigint <= 0,
    run_at = now() + sqlc.arg(delay_us)::bigint * interval '1 microsecond', since = now()
WHERE execution_id = sqlc.arg(id) AND job = sqlc.arg(job) AND state = 'running';

-- name: LeaveRuns :execrows
-- They were handed to a server that has no room for them: they wait again,
-- where there is another one that may have, or anyway.
UPDATE queued_runs q SET state = 'waiting', job = NULL
FROM (SELECT unnest(sqlc.arg(ids)::uuid[]) AS id, unnest(sqlc.arg(jobs)::bigint[]) AS job) AS h
WHERE q.execution_id = h.id AND q.job = h.job AND q.state = 'handed'
  AND (sqlc.arg(anyway)::boolean OR EXISTS (SELECT 1 FROM servers s WHERE s.id <> sqlc.arg(server) AND s.gone_at IS NULL));

-- name: EndQueued :exec
-- As queued_record.go does for many.
DELETE FROM queued_runs WHERE execution_id = sqlc.arg(id) AND state = 'running' AND job = sqlc.arg(job);

-- name: Requeue :exec
-- Its attempt has ended and is to be followed by another. As queued_record.go does
-- for many.
UPDATE queued_runs SET state = 'waiting', job = NULL, server = NULL, attempt = attempt + 1, since = now(),
    due = sqlc.arg(delay_us)::bigint <= 0, run_at = now() + sqlc.arg(delay_us)::bigint * interval '1 microsecond'
WHERE execution_id = sqlc.arg(id) AND state = 'running' AND job = sqlc.arg(job);

-- name: CancelQueued :execrows
-- One that no server has begun.
DELETE FROM queued_runs WHERE tenant = sqlc.arg(tenant) AND execution_id = sqlc.arg(id) AND state <> 'running';

-- name: CancelPending :one
UPDATE executions SET status = 'cancelled', completed_at = now()
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id) AND status IN ('pending', 'running')
RETURNING *;

-- name: LockAbandoned :many
-- Runs whose server is gone.
SELECT q.execution_id, q.tenant, q.trigger_type, q.trigger_id, q.attempt, q.policy, q.job,
    EXISTS (SELECT 1 FROM cancels c WHERE c.tenant = q.tenant AND c.execution_id = q.execution_id) AS cancelled
FROM queued_runs q
WHERE q.job IS NOT NULL AND q.state = 'running' AND NOT EXISTS (SELECT 1 FROM servers s WHERE s.id = q.server AND s.gone_at IS NULL)
ORDER BY q.execution_id LIMIT sqlc.arg(row_limit)
FOR UPDATE OF q SKIP LOCKED;

-- name: NoteCrash :exec
UPDATE executions SET status = sqlc.arg(status), attempt = sqlc.arg(attempt), error = sqlc.arg(error), error_type = 'Crashed', traceback = NULL,
    completed_at = CASE WHEN sqlc.arg(status) <> 'pending' THEN now() END
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id) AND status IN ('pending', 'running');

-- name: CrashRunsOf :execrows
-- Those that somebody waited for; the queued ones are LockAbandoned's.
UPDATE executions e SET status = 'crashed', error = sqlc.arg(error)::text, error_type = 'Crashed', completed_at = now()
WHERE e.status = 'running' AND e.server = ANY (sqlc.arg(servers)::text[])
  AND NOT EXISTS (SELECT 1 FROM queued_runs q WHERE q.execution_id = e.id);

-- name: ReturnOrphans :execrows
-- Runs that were handed to River and that it, for whatever reason, no longer
-- has for a living server.
UPDATE queued_runs q SET state = 'waiting', job = NULL
WHERE q.job IS NOT NULL AND q.state = 'handed' AND NOT EXISTS (
    SELECT 1 FROM river_job j WHERE j.id = q.job
      AND (j.state IN ('available', 'pending', 'scheduled', 'retryable')
           OR j.state = 'running' AND EXISTS (
               SELECT 1 FROM servers s WHERE s.id::text = j.attempted_by[array_upper(j.attempted_by, 1)] AND s.gone_at IS NULL)));

-- name: CountQueued :one
-- Of a subtenant, as far as most.
SELECT ((SELECT count(*) FROM (SELECT 1 FROM queued_runs q WHERE q.tenant = sqlc.arg(tenant) AND q.job IS NULL AND q.due LIMIT sqlc.arg(most)) AS due)
    + (SELECT count(*) FROM (SELECT 1 FROM queued_runs q WHERE q.tenant = sqlc.arg(tenant) AND NOT q.due LIMIT sqlc.arg(most)) AS later))::bigint AS waiting;

-- name: CountQueuedOf :one
-- Of a schedule. A retry that somebody asked for has the trigger of the run that
-- it repeats, and is none of the schedule's own.
SELECT count(*) FROM queued_runs WHERE tenant = sqlc.arg(tenant) AND trigger_id = sqlc.arg(trigger_id) AND trigger_type = 'schedule';

-- name: DeleteQueuedOf :exec
DELETE FROM queued_runs WHERE tenant = $1;

-- name: DeleteRiverJobsOf :exec
-- What River gave to servers that are gone; their runs are settled by us.
DELETE FROM river_job j WHERE j.state = 'running'
  AND EXISTS (SELECT 1 FROM servers s WHERE s.id::text = j.attempted_by[array_upper(j.attempted_by, 1)] AND s.gone_at IS NOT NULL);

-- name: AnyDue :one
SELECT EXISTS (SELECT 1 FROM queued_runs WHERE job IS NULL AND due);

-- name: MakeDue :one
-- Those whose time has come may begin from now on. Answers as AnyDue does.
WITH ripe AS (
    SELECT q.execution_id FROM queued_runs q WHERE NOT q.due AND q.run_at <= now() ORDER BY q.run_at LIMIT 10000 FOR UPDATE SKIP LOCKED
), made AS (
    UPDATE queued_runs q SET due = true FROM ripe WHERE q.execution_id = ripe.execution_id RETURNING 1)
SELECT (EXISTS (SELECT 1 FROM made) OR EXISTS (SELECT 1 FROM queued_runs q WHERE q.job IS NULL AND q.due))::boolean;

-- name: PauseAnew :execrows
-- The clock was put back since their pauses began: they would last for so much
-- longer.
UPDATE queued_runs SET run_at = now() + (run_at - since), since = now() WHERE NOT due AND since > now() + interval '1 second';

-- name: LeaveLost :execrows
-- What River gave to a server that does not know of it: the answer got lost.
-- Their runs wait again, their jobs are over.
WITH lost AS (
    DELETE FROM river_job j WHERE j.id = ANY (sqlc.arg(jobs)::bigint[]) AND j.state = 'running' RETURNING j.id)
UPDATE queued_runs q SET state = 'waiting', job = NULL FROM lost WHERE q.job = lost.id AND q.state = 'handed';

-- name: ListJobsOf :many
-- What River has given to a server and believes to be under way there.
SELECT j.id FROM river_job j WHERE j.state = 'running' AND j.attempted_by[array_upper(j.attempted_by, 1)] = sqlc.arg(server)::text;
