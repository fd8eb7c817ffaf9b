-- +goose Up

-- What became of a schedule's latest run, and how many failed in a row.
ALTER TABLE scheduled_jobs
    ADD COLUMN last_execution_id uuid,
    ADD COLUMN last_error text,
    ADD COLUMN failures integer NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE scheduled_jobs DROP COLUMN last_execution_id, DROP COLUMN last_error, DROP COLUMN failures;
