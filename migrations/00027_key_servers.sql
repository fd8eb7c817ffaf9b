-- +goose Up

-- Who holds a key: a server that is known to be gone holds it no longer, though
-- its lease has not run out.
ALTER TABLE idempotency_keys ADD COLUMN server uuid;

-- +goose Down
ALTER TABLE idempotency_keys DROP COLUMN server;
