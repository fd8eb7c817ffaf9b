-- +goose Up

-- One row for each time that the code of a function version has ended a server.
-- released rows no longer count; the execution is NULL where none is known.
CREATE TABLE function_blames (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant       text COLLATE "C" NOT NULL,
    function_id  uuid NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    version      integer NOT NULL,
    execution_id uuid,
    cause        text NOT NULL,
    blamed_at    timestamptz NOT NULL DEFAULT now(),
    released     boolean NOT NULL DEFAULT false
);

CREATE INDEX function_blames_by_function ON function_blames (function_id, version, blamed_at);

-- A function is quarantined while its version is the one that was.
ALTER TABLE functions ADD COLUMN quarantined_version integer;
ALTER TABLE functions ADD COLUMN quarantined_at timestamptz;
ALTER TABLE functions ADD COLUMN quarantine_reason text;

CREATE INDEX functions_quarantined ON functions (tenant) WHERE quarantined_version IS NOT NULL;

-- +goose Down
DROP INDEX functions_quarantined;
ALTER TABLE functions DROP COLUMN quarantine_reason;
ALTER TABLE functions DROP COLUMN quarantined_at;
ALTER TABLE functions DROP COLUMN quarantined_version;
DROP TABLE function_blames;
