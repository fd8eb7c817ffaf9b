-- +goose Up

-- due says that a run may begin now; run_at is when it becomes due, and since
-- is when that was decided: if the clock was set back, since is in the future and
-- the pause begins again. Due runs wait by priority and age; runs that are not
-- due are not in that index: retries and long delays do not slow each other
-- down. No index contains a column that a claim changes.
ALTER TABLE queued_runs
    ADD COLUMN due boolean NOT NULL DEFAULT true,
    ADD COLUMN since timestamptz NOT NULL DEFAULT now();
UPDATE queued_runs SET due = false WHERE job IS NULL AND run_at > now();
ALTER TABLE queued_runs ADD CONSTRAINT queued_runs_due_check CHECK (due OR job IS NULL);

DROP INDEX queued_runs_waiting;
CREATE INDEX queued_runs_waiting ON queued_runs (tenant, function_name, priority, execution_id) WHERE job IS NULL AND due;
CREATE INDEX queued_runs_later ON queued_runs (run_at) WHERE NOT due;
CREATE INDEX queued_runs_later_since ON queued_runs (since) WHERE NOT due;
CREATE INDEX queued_runs_later_of ON queued_runs (tenant) WHERE NOT due;

-- Of dead servers: their synchronous runs were ended.
ALTER TABLE servers ADD COLUMN settled boolean NOT NULL DEFAULT false;
UPDATE servers SET settled = true WHERE gone_at IS NOT NULL;
CREATE INDEX servers_unsettled ON servers (id) WHERE gone_at IS NOT NULL AND NOT settled;

-- +goose Down
ALTER TABLE servers DROP COLUMN settled;
DROP INDEX queued_runs_waiting;
CREATE INDEX queued_runs_waiting ON queued_runs (tenant, function_name, priority, run_at, execution_id) WHERE job IS NULL;
ALTER TABLE queued_runs DROP COLUMN due, DROP COLUMN since;
