-- +goose Up

-- Since when the asynchronous runs of a function, or of all functions of a subtenant, wait, and
-- synchronous ones are refused; NULL: they run.
ALTER TABLE functions ADD COLUMN paused_at timestamptz;
ALTER TABLE subtenants ADD COLUMN paused_at timestamptz;

-- +goose Down
ALTER TABLE subtenants DROP COLUMN paused_at;
ALTER TABLE functions DROP COLUMN paused_at;
