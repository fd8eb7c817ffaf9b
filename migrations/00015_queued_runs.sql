-- +goose Up

-- Accepted asynchronous runs that have not ended, one row per execution; its row
-- in executions is pending or running. The row is deleted when the
-- execution ends. state is waiting, then handed (to River, as job), then
-- running (on server). job is a fence as well: each hand-over has a greater one,
-- and the holder of an earlier one can neither begin the run nor end it. input is
-- complete and encrypted: executions has it masked, and truncated when it is
-- long. run_at is -infinity for a run without a delay, so that a clock change
-- does not delay it.
CREATE TABLE queued_runs (
    execution_id  uuid PRIMARY KEY,
    tenant        text COLLATE "C" NOT NULL,
    function_name text COLLATE "C" NOT NULL,
    trigger_type  text COLLATE "C" NOT NULL,
    trigger_id    uuid,
    parent_id     uuid,
    created_at    timestamptz NOT NULL,
    priority      smallint NOT NULL,
    run_at        timestamptz NOT NULL DEFAULT '-infinity',
    attempt       integer NOT NULL DEFAULT 1,
    chain         integer NOT NULL DEFAULT 0,
    policy        json,
    request       boolean NOT NULL,
    input         bytea NOT NULL,
    state         text COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'handed', 'running')),
    job           bigint,
    server        uuid
) WITH (fillfactor = 70);

CREATE INDEX queued_runs_waiting ON queued_runs (tenant, function_name, priority, run_at, execution_id) WHERE state = 'waiting';
CREATE INDEX queued_runs_under_way ON queued_runs (tenant, function_name) WHERE state <> 'waiting';
CREATE INDEX queued_runs_by_trigger ON queued_runs (trigger_id) WHERE trigger_id IS NOT NULL;

-- +goose Down
DROP TABLE queued_runs;
