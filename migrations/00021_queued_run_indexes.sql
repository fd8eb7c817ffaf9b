-- +goose Up

-- A waiting run has no job, a run in progress has one. With a condition on job
-- and not on state, the indexes do not change when a server claims a run, and
-- PostgreSQL keeps the row's new version in its page.
DROP INDEX queued_runs_waiting, queued_runs_under_way;
CREATE INDEX queued_runs_waiting ON queued_runs (tenant, function_name, priority, run_at, execution_id) WHERE job IS NULL;
CREATE INDEX queued_runs_under_way ON queued_runs (tenant, function_name) WHERE job IS NOT NULL;
ALTER TABLE queued_runs ADD CONSTRAINT queued_runs_job_check CHECK ((state = 'waiting') = (job IS NULL));

-- A table through which much goes and in which little stays: cleaned at once,
-- however large it was.
ALTER TABLE queued_runs SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- +goose Down
ALTER TABLE queued_runs RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
ALTER TABLE queued_runs DROP CONSTRAINT queued_runs_job_check;
DROP INDEX queued_runs_waiting, queued_runs_under_way;
CREATE INDEX queued_runs_waiting ON queued_runs (tenant, function_name, priority, run_at, execution_id) WHERE state = 'waiting';
CREATE INDEX queued_runs_under_way ON queued_runs (tenant, function_name) WHERE state <> 'waiting';
