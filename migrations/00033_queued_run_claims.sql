-- +goose Up

-- A run waits or a server runs it; between the two there is nothing. claim is
-- the number of the claim by which its server runs it, NULL while it waits, and
-- the fence: a server that holds an earlier claim cannot end the run. Runs that
-- were handed over and not claimed wait again.
ALTER TABLE queued_runs DROP CONSTRAINT queued_runs_job_check;
UPDATE queued_runs SET job = NULL WHERE state = 'handed';
ALTER TABLE queued_runs DROP COLUMN state;
ALTER TABLE queued_runs RENAME COLUMN job TO claim;
ALTER TABLE queued_runs ADD CONSTRAINT queued_runs_claim_check CHECK ((claim IS NULL) = (server IS NULL));

-- Greater than the number of any hand-over: they were River's.
CREATE SEQUENCE queued_run_claims;
-- +goose StatementBegin
DO $$
BEGIN
    PERFORM setval('queued_run_claims', GREATEST(1, (SELECT max(claim) FROM queued_runs), (SELECT last_value FROM river_job_id_seq)));
    DELETE FROM river_job;
END $$;
-- +goose StatementEnd

-- +goose Down
ALTER TABLE queued_runs DROP CONSTRAINT queued_runs_claim_check;
DROP SEQUENCE queued_run_claims;
ALTER TABLE queued_runs RENAME COLUMN claim TO job;
ALTER TABLE queued_runs ADD COLUMN state text COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'handed', 'running'));
UPDATE queued_runs SET state = 'running' WHERE job IS NOT NULL;
ALTER TABLE queued_runs ADD CONSTRAINT queued_runs_job_check CHECK ((state = 'waiting') = (job IS NULL));
