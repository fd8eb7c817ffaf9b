-- +goose Up

-- Executions to cancel that another server runs. Each server checks this table
-- when it is notified of the change; rows are needed for as long as a run can
-- last and are deleted after a day.
CREATE TABLE cancels (
    tenant       text COLLATE "C" NOT NULL REFERENCES subtenants (id) ON DELETE CASCADE,
    execution_id uuid NOT NULL,
    asked_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, execution_id)
);

-- +goose Down
DROP TABLE cancels;
