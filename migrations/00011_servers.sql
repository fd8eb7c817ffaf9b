-- +goose Up

-- One row per server process. beats counts its heartbeats: a watcher measures by
-- its own clock how long the count stands still, so that a clock change does not
-- make a server look dead. Once gone_at is set the server has lost its runs,
-- regardless of its own view: a dead server never comes back. folder names the
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
