-- +goose Up

-- Where the messages about a function go, or about all functions of a subtenant that
-- have no setting of their own (model.Notify, or "off"); NULL: nothing is set.
ALTER TABLE functions ADD COLUMN notify json;
ALTER TABLE subtenants ADD COLUMN notify json;

-- The setting that holds for a function; NULL: no message is sent about it.
-- +goose StatementBegin
CREATE FUNCTION notify_of(of_tenant text, of_function text) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT NULLIF(n.setting::text, '"off"')::json
    FROM (SELECT COALESCE((SELECT f.notify FROM functions f WHERE f.tenant = of_tenant AND f.name = of_function), s.notify) AS setting
          FROM subtenants s WHERE s.id = of_tenant) n
$$;
-- +goose StatementEnd

-- Events of functions with such a setting that no round has looked at yet: an
-- execution that has ended badly, or a due time of a schedule that has no run. Rows
-- are only added and taken away, so that no record waits for a lock.
CREATE TABLE alert_signals (
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant        text COLLATE "C" NOT NULL,
    function_name text COLLATE "C" NOT NULL,
    at            timestamptz NOT NULL, -- the end of the execution, or the due time
    execution_id  uuid,                 -- NULL: of a schedule
    parent_id     uuid,                 -- of an execution that another one led to
    schedule_id   uuid,
    reason        text,                 -- why a due time has no run
    take_at       timestamptz NOT NULL DEFAULT 'epoch' -- when to look at it: a later run may make up for a due time
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- The transaction that writes the ends of executions that ended badly calls this, so
-- that no signal is lost and none comes twice. The setting is looked up once for each
-- function: thousands of its executions may fail at once.
-- +goose StatementBegin
CREATE FUNCTION signal_failures(tenants text[], functions text[], ats timestamptz[], ids uuid[], parents uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH wanted AS MATERIALIZED (
        SELECT d.tenant, d.function_name, notify_of(d.tenant, d.function_name) AS setting
        FROM (SELECT DISTINCT u.tenant, u.function_name FROM unnest(tenants, functions) AS u (tenant, function_name)) d
    )
    INSERT INTO alert_signals (tenant, function_name, at, execution_id, parent_id)
    SELECT f.tenant, f.function_name, f.at, f.id, f.parent
    FROM unnest(tenants, functions, ats, ids, parents) AS f (tenant, function_name, at, id, parent)
    JOIN wanted w ON w.tenant = f.tenant AND w.function_name = f.function_name
    WHERE w.setting IS NOT NULL;
END
$$;
-- +goose StatementEnd

-- The problems of functions and schedules, each until some time after its end. A message is made at most once an hour, from next_at on; left_out counts what
-- happened since the last one without a message of its own.
CREATE TABLE alert_problems (
    tenant        text COLLATE "C" NOT NULL,
    kind          text COLLATE "C" NOT NULL CHECK (kind IN ('failed', 'missed')),
    subject       text COLLATE "C" NOT NULL, -- the function's name, or the schedule's id
    function_name text COLLATE "C" NOT NULL,
    is_open       boolean NOT NULL,
    is_reported   boolean NOT NULL,          -- there was a message, and none yet that it is over
    opened_at     timestamptz NOT NULL,
    last_at       timestamptz NOT NULL,      -- as in alert_signals, the latest
    execution_id  uuid,                      -- the latest that failed
    reason        text,
    left_out      bigint NOT NULL,
    next_at       timestamptz NOT NULL,
    check_at      timestamptz NOT NULL,      -- when to look next whether it is over
    recovered_at  timestamptz,
    recovered_by  uuid,                      -- the execution that succeeded
    PRIMARY KEY (tenant, kind, subject)
);

CREATE INDEX alert_problems_open ON alert_problems (check_at) WHERE is_open;
CREATE INDEX alert_problems_left_out ON alert_problems (next_at) WHERE left_out > 0;

-- The messages, each until it is delivered or given up, and for some time after that.
-- problem orders them: a later message of the same one waits. next_at is when the next
-- attempt is due, or when the present one counts as broken off.
CREATE TABLE alert_deliveries (
    id              uuid PRIMARY KEY,
    seq             bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    tenant          text COLLATE "C" NOT NULL,
    type            text COLLATE "C" NOT NULL,
    problem         text COLLATE "C" NOT NULL,
    function_name   text COLLATE "C",
    payload         json NOT NULL,
    status          text COLLATE "C" NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
    attempts        integer NOT NULL DEFAULT 0,
    next_at         timestamptz NOT NULL,
    target          text,
    status_code     integer,
    error           text,
    created_at      timestamptz NOT NULL,
    last_attempt_at timestamptz,
    ended_at        timestamptz
);

CREATE INDEX alert_deliveries_pending ON alert_deliveries (tenant, problem, seq) WHERE status = 'pending';
CREATE INDEX alert_deliveries_by_tenant ON alert_deliveries (tenant, id);

-- +goose Down
DROP TABLE alert_deliveries;
DROP TABLE alert_problems;
DROP FUNCTION signal_failures(text[], text[], timestamptz[], uuid[], uuid[]);
DROP TABLE alert_signals;
DROP FUNCTION notify_of(text, text);
ALTER TABLE subtenants DROP COLUMN notify;
ALTER TABLE functions DROP COLUMN notify;
