-- +goose Up

-- The lane that the run was given; NULL for one that has not begun, and for those
-- of earlier versions of Maestro.
ALTER TABLE executions ADD COLUMN lane text COLLATE "C";

-- +goose Down
ALTER TABLE executions DROP COLUMN lane;
