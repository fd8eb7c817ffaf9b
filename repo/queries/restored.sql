-- name: GiveUpDeliveriesBefore :execrows
-- Of a restored database.
UPDATE alert_deliveries SET status = 'failed', error = sqlc.arg(error), ended_at = now()
WHERE status = 'pending' AND created_at < sqlc.arg(before)::timestamptz;

-- name: DeleteSignalsBefore :exec
DELETE FROM alert_signals WHERE GREATEST(at, take_at) < sqlc.arg(before)::timestamptz;

-- name: DeleteProblems :exec
DELETE FROM alert_problems;

-- name: CancelWaiting :execrows
-- All runs of the queue, those too that a server had claimed.
WITH gone AS (DELETE FROM queued_runs RETURNING execution_id)
UPDATE executions e SET status = 'cancelled', completed_at = now()
WHERE e.id IN (SELECT gone.execution_id FROM gone) AND e.status IN ('pending', 'running');

-- name: SwitchSchedulesOff :execrows
UPDATE scheduled_jobs SET is_active = false WHERE is_active;
