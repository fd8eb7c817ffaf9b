-- +goose Up

-- River has these for pages that look jobs up by their content. Maestro has no
-- such page, and each job would be added to them three times in its short life:
-- when it is stored, given out and done.
DROP INDEX IF EXISTS river_job_args_index, river_job_metadata_index;

-- +goose Down
-- River's own way down drops the table.
SELECT 1;
