-- +goose Up

-- Results of schedules' runs that could not be noted in scheduled_jobs because
-- the schedule was locked: the recorder must not wait for that lock.
-- They are noted in the order of seq within seconds, and then deleted. No
-- foreign key: checking it would wait for the same lock.
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
