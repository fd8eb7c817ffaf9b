-- +goose Up

-- How often things of a kind changed in a subtenant, counted in the
-- transaction that changes them. A server that compares the counts with those
-- it knows has missed nothing, whatever became of the notifications. No
-- foreign key: that a subtenant is gone is a change as well.
CREATE TABLE changes (
    tenant text COLLATE "C" NOT NULL,
    kind   text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (tenant, kind)
);

-- +goose Down
DROP TABLE changes;
