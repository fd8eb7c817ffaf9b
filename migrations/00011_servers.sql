-- +goose Up

-- One row per process that serves. beats counts its signs of life: who watches
-- sees it stand still by a clock of their own, so that no clock that is changed
-- makes a server look dead. Once gone_at is set the server has lost its runs,
-- whatever it may still think: a gone server never comes back. folder names the
-- data folder, which one process holds at a time.
CREATE TABLE servers (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    folder     text COLLATE "C" NOT NULL,
    beats      bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    last_seen  timestamptz NOT NULL DEFAULT now(),
    gone_at    timestamptz
);

CREATE UNIQUE INDEX servers_folder ON servers (folder) WHERE gone_at IS NULL;

-- +goose Down
DROP TABLE servers;
