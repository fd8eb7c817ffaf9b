-- +goose Up

-- The unit of isolation. Everything that a subtenant owns refers to it, except
-- executions and steps: a foreign key there would cost every recorded call.
CREATE TABLE subtenants (
    id          text COLLATE "C" PRIMARY KEY,
    description text,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- Ids that were used once. They are never assigned again, so that a new owner
-- does not find the remains of a previous one (in a log, a cache, a bookmark).
CREATE TABLE deleted_subtenants (
    id         text COLLATE "C" PRIMARY KEY,
    deleted_at timestamptz NOT NULL DEFAULT now()
);

-- Facts about the installation, such as the fingerprint of its SECRET_KEY.
CREATE TABLE server_meta (
    key        text COLLATE "C" PRIMARY KEY,
    value      text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE server_meta;
DROP TABLE deleted_subtenants;
DROP TABLE subtenants;
