-- +goose Up

-- One row per name, for ever: a deleted function is inactive and keeps its
-- versions, and a function made later under the same name continues them. So
-- the unique name covers the inactive ones too.
CREATE TABLE functions (
    id              uuid PRIMARY KEY,
    tenant          text COLLATE "C" NOT NULL REFERENCES subtenants (id) ON DELETE CASCADE,
    name            text COLLATE "C" NOT NULL,
    description     text,
    tags            text[] NOT NULL DEFAULT '{}',
    timeout_seconds double precision,
    is_active       boolean NOT NULL DEFAULT true,
    version         integer NOT NULL,
    version_id      uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    UNIQUE (tenant, name)
);

CREATE INDEX functions_tags ON functions USING gin (tags);

-- The history. Rows are written once and never changed. Schemas are json, not
-- jsonb: they come back as they were sent.
CREATE TABLE function_versions (
    id            uuid PRIMARY KEY,
    tenant        text COLLATE "C" NOT NULL,
    function_id   uuid NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    version       integer NOT NULL CHECK (version > 0),
    code          text NOT NULL,
    input_schema  json,
    output_schema json,
    created_at    timestamptz NOT NULL,
    created_by    text,
    UNIQUE (function_id, version)
);

-- The two refer to each other, so this side is checked at the commit.
ALTER TABLE functions
    ADD CONSTRAINT functions_current_version
    FOREIGN KEY (version_id) REFERENCES function_versions (id)
    DEFERRABLE INITIALLY DEFERRED;

-- +goose Down
ALTER TABLE functions DROP CONSTRAINT functions_current_version;
DROP TABLE function_versions;
DROP TABLE functions;
