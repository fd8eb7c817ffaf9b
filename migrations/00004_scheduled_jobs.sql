-- +goose Up

CREATE TABLE scheduled_jobs (
    id              uuid PRIMARY KEY,
    tenant          text COLLATE "C" NOT NULL REFERENCES subtenants (id) ON DELETE CASCADE,
    name            text COLLATE "C" NOT NULL,
    function_name   text COLLATE "C" NOT NULL,
    cron_expression text NOT NULL,
    timezone        text NOT NULL DEFAULT 'UTC',
    input_data      json NOT NULL DEFAULT '{}',
    description     text,
    is_active       boolean NOT NULL DEFAULT true,
    retry           json,
    overlap         text NOT NULL DEFAULT 'allow' CHECK (overlap IN ('allow', 'skip')),
    catch_up        text NOT NULL DEFAULT 'none' CHECK (catch_up IN ('none', 'latest', 'all')),
    max_instances   integer NOT NULL DEFAULT 3 CHECK (max_instances > 0),
    last_run        timestamptz,
    next_run        timestamptz,
    last_status     text,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    UNIQUE (tenant, name),
    FOREIGN KEY (tenant, function_name) REFERENCES functions (tenant, name) ON DELETE CASCADE
);

CREATE INDEX scheduled_jobs_due ON scheduled_jobs (next_run) WHERE is_active;

-- +goose Down
DROP TABLE scheduled_jobs;
