-- +goose Up

-- A function that is switched off: it is there, and its calls are refused.
-- is_active is false for one that was deleted.
ALTER TABLE functions ADD COLUMN is_off boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE functions DROP COLUMN is_off;
