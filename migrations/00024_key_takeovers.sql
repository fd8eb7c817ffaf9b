-- +goose Up

-- All runs of a request whose servers died before they answered, oldest first:
-- the server that takes over from the second must still know the first.
ALTER TABLE idempotency_keys ADD COLUMN abandoned_ids uuid[] NOT NULL DEFAULT '{}';
UPDATE idempotency_keys SET abandoned_ids = ARRAY[abandoned_id] WHERE abandoned_id IS NOT NULL;
ALTER TABLE idempotency_keys DROP COLUMN abandoned_id;

-- +goose Down
ALTER TABLE idempotency_keys ADD COLUMN abandoned_id uuid;
UPDATE idempotency_keys SET abandoned_id = abandoned_ids[cardinality(abandoned_ids)];
ALTER TABLE idempotency_keys DROP COLUMN abandoned_ids;
