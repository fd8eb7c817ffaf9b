-- What our queries read of River's table, for sqlc alone: River makes it.
CREATE TABLE river_job (
    id           bigint PRIMARY KEY,
    state        text NOT NULL,
    attempted_by text[]
);
