-- +goose Up

-- How many executions there were, by the minute and the hour in which they were
-- created, and how long they took: bucket n holds those of 2^(n/2) microseconds or
-- more. The scheduler adds each once, after its end (repo/run_sum.go), so that a call
-- pays nothing.
CREATE TABLE run_sums (
    tenant        text COLLATE "C" NOT NULL,
    seconds       integer NOT NULL,     -- 60 or 3600
    at            timestamptz NOT NULL, -- their first moment
    function_name text COLLATE "C" NOT NULL,
    status        text COLLATE "C" NOT NULL,
    bucket        smallint NOT NULL,
    runs          bigint NOT NULL,
    duration_us   bigint NOT NULL,
    PRIMARY KEY (tenant, seconds, at, function_name, status, bucket)
) WITH (fillfactor = 80);
CREATE INDEX run_sums_by_age ON run_sums (at);

-- The same of calls: those by which functions call siblings (kind function, the
-- caller's name), and those that start executions (their trigger_type; the caller is the
-- id of the webhook or schedule, or the function that spawned it).
CREATE TABLE call_sums (
    tenant        text COLLATE "C" NOT NULL,
    seconds       integer NOT NULL,
    at            timestamptz NOT NULL,
    kind          text COLLATE "C" NOT NULL,
    caller        text COLLATE "C" NOT NULL,
    function_name text COLLATE "C" NOT NULL,
    failed        boolean NOT NULL,
    bucket        smallint NOT NULL,
    calls         bigint NOT NULL,
    duration_us   bigint NOT NULL,
    PRIMARY KEY (tenant, seconds, at, kind, caller, function_name, failed, bucket)
) WITH (fillfactor = 80);
CREATE INDEX call_sums_by_age ON call_sums (at);

-- The latest of each function.
CREATE TABLE run_marks (
    tenant          text COLLATE "C" NOT NULL,
    function_name   text COLLATE "C" NOT NULL,
    last_run        uuid NOT NULL,
    last_run_at     timestamptz NOT NULL,
    last_failure    uuid,
    last_failure_at timestamptz,
    PRIMARY KEY (tenant, function_name)
);

-- Up to where executions are in the sums, by the time in their ids. Those before that
-- are in the sums, or in unsummed_runs until they are: not over yet, or written late.
CREATE TABLE sum_state (
    only_one  boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    summed_to timestamptz NOT NULL
);
INSERT INTO sum_state (summed_to) VALUES (now() - interval '7 days');

CREATE TABLE unsummed_runs (
    id uuid PRIMARY KEY
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- +goose StatementBegin
CREATE FUNCTION duration_bucket(us bigint) RETURNS smallint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN us <= 1 THEN 0 ELSE floor(2 * ln(us::double precision) / ln(2::double precision)) END::smallint
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION duration_bucket(bigint);
DROP TABLE unsummed_runs;
DROP TABLE sum_state;
DROP TABLE run_marks;
DROP TABLE call_sums;
DROP TABLE run_sums;
