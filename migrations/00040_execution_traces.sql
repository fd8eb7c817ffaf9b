-- +goose Up

-- The traceparent (W3C Trace Context) of the span of the last attempt, which a retry on
-- request is linked to. NULL: the run was not traced.
ALTER TABLE executions ADD COLUMN traceparent text COLLATE "C";

-- +goose Down
ALTER TABLE executions DROP COLUMN traceparent;
