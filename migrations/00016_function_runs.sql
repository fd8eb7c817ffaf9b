-- +goose Up

-- How a function's runs are repeated, and how many there may be at a time.
ALTER TABLE functions
    ADD COLUMN retry           json,
    ADD COLUMN max_concurrency integer CHECK (max_concurrency > 0);

-- +goose Down
ALTER TABLE functions DROP COLUMN retry, DROP COLUMN max_concurrency;
