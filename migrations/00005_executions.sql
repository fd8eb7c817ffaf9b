-- +goose Up

-- Both tables are cut by day on the id, whose first 48 bits are milliseconds
-- since 1970 (UUIDv7), so that a look-up by id reads one partition and
-- retention is a DROP TABLE. Values are json, not jsonb: smaller, less to
-- write, and they take \u0000. No foreign keys: this is the hot insert.
CREATE TABLE executions (
    id               uuid NOT NULL,
    tenant           text COLLATE "C" NOT NULL,
    function_name    text COLLATE "C" NOT NULL,
    function_version integer NOT NULL,
    trigger_type     text COLLATE "C" NOT NULL,
    trigger_id       uuid,
    status           text COLLATE "C" NOT NULL,
    input_data       json,
    output_data      json,
    error            text,
    error_type       text,
    traceback        text,
    created_at       timestamptz NOT NULL,
    started_at       timestamptz,
    completed_at     timestamptz,
    duration_us      bigint NOT NULL DEFAULT 0,
    attempt          integer NOT NULL DEFAULT 1,
    parent_id        uuid,
    server           text,
    record_complete  boolean NOT NULL DEFAULT true,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);

-- The lists: all of a subtenant's, one function's, and what did not go well.
-- The last one is partial, so that a completed run does not pay for it.
CREATE INDEX executions_by_tenant ON executions (tenant, id);
CREATE INDEX executions_by_function ON executions (tenant, function_name, id);
CREATE INDEX executions_not_completed ON executions (tenant, status, id) WHERE status <> 'completed';

-- A step's id is made from its execution's time, so it lies in the partition
-- of the same day.
CREATE TABLE step_executions (
    execution_id     uuid NOT NULL,
    id               uuid NOT NULL,
    tenant           text COLLATE "C" NOT NULL,
    parent_step_id   uuid,
    depth            integer NOT NULL,
    position         integer NOT NULL,
    attempt          integer NOT NULL DEFAULT 1,
    function_name    text COLLATE "C" NOT NULL,
    function_version integer NOT NULL,
    status           text COLLATE "C" NOT NULL,
    input_data       json,
    output_data      json,
    error            text,
    error_type       text,
    traceback        text,
    started_at       timestamptz,
    completed_at     timestamptz,
    duration_us      bigint NOT NULL DEFAULT 0,
    record_complete  boolean NOT NULL DEFAULT true,
    PRIMARY KEY (execution_id, id)
) PARTITION BY RANGE (id);

-- What falls outside the days made so far lands here and is moved out when its
-- day is made: nothing is ever refused for want of a partition.
CREATE TABLE executions_default PARTITION OF executions DEFAULT;
CREATE TABLE step_executions_default PARTITION OF step_executions DEFAULT;

-- make_partition attaches the partition child for ids from lower up to, not
-- including, upper, moving there what the default partition holds of them. It
-- answers false when child is there already. Attaching an ordinary table locks
-- the parent against neither reads nor writes; CREATE … PARTITION OF would.
-- +goose StatementBegin
CREATE FUNCTION make_partition(parent text, child text, lower uuid, upper uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = child) THEN
        RETURN false;
    END IF;
    -- Several servers make the same day at once: one does, the rest look again,
    -- with a query: to_regclass would answer from a cache.
    PERFORM pg_advisory_xact_lock(hashtext('maestro.make_partition'));
    IF EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = child) THEN
        RETURN false;
    END IF;
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', parent || '_default');
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS)', child, parent);
    EXECUTE format(
        'WITH moved AS (DELETE FROM %I WHERE id >= %L AND id < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
        parent || '_default', lower, upper, child);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, child, lower, upper);
    RETURN true;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION make_partition(text, text, uuid, uuid);
DROP TABLE step_executions;
DROP TABLE executions;
