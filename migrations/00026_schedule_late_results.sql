-- +goose Up

-- Results of schedules' runs that could not be noted in scheduled_jobs because
-- somebody had the schedule locked: who records a run must not wait for that.
-- They are noted in the order of seq within seconds, and are gone then. No
-- foreign key: to check it is to wait for the same lock.
CREATE TABLE schedule_late_results (
    seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant       text COLLATE "C" NOT NULL,
    schedule_id  uuid NOT NULL,
    execution_id uuid NOT NULL,
    status       text NOT NULL,
    error        text
);

-- +goose Down
DROP TABLE schedule_late_results;
