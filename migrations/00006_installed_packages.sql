-- +goose Up

-- name is normalised as in PEP 503. requested distinguishes requested packages
-- from dependencies.
CREATE TABLE installed_packages (
    id           uuid PRIMARY KEY,
    tenant       text COLLATE "C" NOT NULL REFERENCES subtenants (id) ON DELETE CASCADE,
    name         text COLLATE "C" NOT NULL,
    version      text NOT NULL,
    requested    boolean NOT NULL,
    installed_at timestamptz NOT NULL,
    installed_by text,
    UNIQUE (tenant, name)
);

-- +goose Down
DROP TABLE installed_packages;
