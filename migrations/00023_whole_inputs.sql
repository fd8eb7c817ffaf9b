-- +goose Up

-- Whether the input was recorded whole, where record_complete does not tell: it
-- is false for an output that was cut or masked as well. NULL is as
-- record_complete.
ALTER TABLE executions ADD COLUMN input_complete boolean;

-- +goose Down
ALTER TABLE executions DROP COLUMN input_complete;
