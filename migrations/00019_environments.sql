-- +goose Up

-- A subtenant's sets of packages. A row never changes. lock is the result of
-- the resolution, each package with its hash: the same folder on every server.
CREATE TABLE environments (
    tenant     text COLLATE "C" NOT NULL REFERENCES subtenants (id) ON DELETE CASCADE,
    number     integer NOT NULL CHECK (number > 0),
    lock       json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    PRIMARY KEY (tenant, number)
);

-- Which of them is the current one, 0 for none. revision counts every change
-- of the requirements, even if it changes no package: a change that was prepared
-- from an older revision is prepared again.
CREATE TABLE package_states (
    tenant      text COLLATE "C" PRIMARY KEY REFERENCES subtenants (id) ON DELETE CASCADE,
    revision    integer NOT NULL,
    environment integer NOT NULL
);

-- The requirement as in PEP 508; null for a dependency.
ALTER TABLE installed_packages ADD COLUMN requirement text;
ALTER TABLE installed_packages DROP COLUMN requested;

-- What a version's code imports, and what that was resolved to when it became
-- current: a rollback brings it back.
ALTER TABLE function_versions
    ADD COLUMN requirements text[] NOT NULL DEFAULT '{}',
    ADD COLUMN lock         json;

-- +goose Down
ALTER TABLE function_versions DROP COLUMN requirements, DROP COLUMN lock;
ALTER TABLE installed_packages ADD COLUMN requested boolean NOT NULL DEFAULT true;
UPDATE installed_packages SET requested = requirement IS NOT NULL;
ALTER TABLE installed_packages ALTER COLUMN requested DROP DEFAULT, DROP COLUMN requirement;
DROP TABLE package_states;
DROP TABLE environments;
