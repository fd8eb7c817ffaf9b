-- +goose Up

-- The lists' other filters, each in the order of ids, so that a page is read
-- and not sorted. A run that has no parent, did not fail and was quick pays for
-- the first two alone: 10 ms of a run can afford an entry by duration.
CREATE INDEX executions_by_trigger ON executions (tenant, trigger_id, id) WHERE trigger_id IS NOT NULL;
CREATE INDEX executions_by_type ON executions (tenant, trigger_type, id);
CREATE INDEX executions_by_parent ON executions (tenant, parent_id, id) WHERE parent_id IS NOT NULL;
CREATE INDEX executions_by_error_type ON executions (tenant, error_type, id) WHERE error_type IS NOT NULL;
CREATE INDEX executions_by_duration ON executions (tenant, duration_us, id) WHERE duration_us >= 10000;

-- +goose Down
DROP INDEX executions_by_trigger, executions_by_type, executions_by_parent, executions_by_error_type, executions_by_duration;
