-- +goose Up

-- Executions that someone wants to stop and that another server runs. Each
-- server looks here when it hears of the change; rows are of use for as long
-- as a run can last and are deleted after a day.
CREATE TABLE cancels (
    tenant       text COLLATE "C" NOT NULL REFERENCES subtenants (id) ON DELETE CASCADE,
    execution_id uuid NOT NULL,
    asked_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, execution_id)
);

-- +goose Down
DROP TABLE cancels;
