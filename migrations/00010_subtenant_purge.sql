-- +goose Up

-- When the last of a deleted subtenant's rows was taken away; null while some
-- may be left.
ALTER TABLE deleted_subtenants ADD COLUMN purged_at timestamptz;

CREATE INDEX deleted_subtenants_unpurged ON deleted_subtenants (deleted_at) WHERE purged_at IS NULL;

-- +goose Down
DROP INDEX deleted_subtenants_unpurged;
ALTER TABLE deleted_subtenants DROP COLUMN purged_at;
