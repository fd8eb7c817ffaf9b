-- +goose Up

-- secrets are the names of the secrets that the code reads by a constant name; null: it
-- has not been read for that yet.
ALTER TABLE function_versions ADD COLUMN secrets text[];

-- last_read_at is to the minute, and at most a minute behind; null: never since this column.
ALTER TABLE secrets ADD COLUMN last_read_at timestamptz;

-- +goose Down
ALTER TABLE secrets DROP COLUMN last_read_at;
ALTER TABLE function_versions DROP COLUMN secrets;
