-- +goose Up

-- The function that was the first to read it in the minute of last_read_at; null: the
-- server itself, for a signature, or not known.
ALTER TABLE secrets ADD COLUMN last_read_by text COLLATE "C";

-- +goose Down
ALTER TABLE secrets DROP COLUMN last_read_by;
