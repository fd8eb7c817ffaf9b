-- +goose Up

-- Installs, while they are under way and for some days after. server is who
-- conducts it: when that is gone, so is the install.
CREATE TABLE package_installs (
    id           uuid PRIMARY KEY,
    tenant       text COLLATE "C" NOT NULL REFERENCES subtenants (id) ON DELETE CASCADE,
    name         text COLLATE "C" NOT NULL,
    requirement  text NOT NULL,
    status       text NOT NULL CHECK (status IN ('pending', 'running', 'completed', 'failed')),
    log          text[] NOT NULL DEFAULT '{}',
    error        text,
    error_code   text,
    server       uuid NOT NULL,
    created_at   timestamptz NOT NULL,
    created_by   text,
    completed_at timestamptz
);

CREATE INDEX package_installs_open ON package_installs (server) WHERE completed_at IS NULL;
CREATE INDEX package_installs_tenant ON package_installs (tenant, id);

-- +goose Down
DROP TABLE package_installs;
