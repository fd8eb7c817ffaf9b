-- +goose Up

-- One row per key that a caller gave a request. While the request runs, status
-- is null and a server renews leased_until; a row whose lease ran out belongs
-- to a server that is gone, and the next repeat takes it over. Afterwards
-- status and answer are what every repeat gets. key is a hash of the key and
-- its scope; answer is encrypted: it may tell what only the caller may know.
-- No foreign key: deleting a subtenant takes these away in batches.
CREATE TABLE idempotency_keys (
    tenant       text COLLATE "C" NOT NULL,
    key          bytea NOT NULL,
    fingerprint  bytea NOT NULL,
    execution_id uuid NOT NULL,
    abandoned_id uuid,
    leased_until timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    status       integer,
    answer       bytea,
    PRIMARY KEY (tenant, key)
);

CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- +goose Down
DROP TABLE idempotency_keys;
