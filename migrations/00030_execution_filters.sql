-- +goose Up

-- The lists' other filters, each in the order of ids, so that a page is read
-- and not sorted. A webhook's run that has no parent, did not fail and was fast
-- pays for the first only: a run of 10 ms can afford an entry by duration, and
-- the runs of webhooks are found among all, of which they are a large part. A
-- filter by the id of another row needs no subtenant, and comparing text is
-- expensive.
CREATE INDEX executions_by_trigger ON executions (trigger_id, id) WHERE trigger_id IS NOT NULL;
CREATE INDEX executions_by_type ON executions (tenant, trigger_type, id) WHERE trigger_type <> 'webhook';
CREATE INDEX executions_by_parent ON executions (parent_id, id) WHERE parent_id IS NOT NULL;
CREATE INDEX executions_by_error_type ON executions (tenant, error_type, id) WHERE error_type IS NOT NULL;
CREATE INDEX executions_by_duration ON executions (tenant, duration_us, id) WHERE duration_us >= 10000;

-- +goose Down
DROP INDEX executions_by_trigger, executions_by_type, executions_by_parent, executions_by_error_type, executions_by_duration;
