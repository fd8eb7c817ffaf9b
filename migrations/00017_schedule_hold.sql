-- +goose Up

-- A schedule that catches up is held while its earlier runs are in progress: it
-- is not checked again before this moment, and its next_run stays due.
ALTER TABLE scheduled_jobs ADD COLUMN held_until timestamptz;
DROP INDEX scheduled_jobs_due;
CREATE INDEX scheduled_jobs_due ON scheduled_jobs (COALESCE(held_until, next_run)) WHERE is_active;

-- +goose Down
DROP INDEX scheduled_jobs_due;
ALTER TABLE scheduled_jobs DROP COLUMN held_until;
CREATE INDEX scheduled_jobs_due ON scheduled_jobs (next_run) WHERE is_active;
