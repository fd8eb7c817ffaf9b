-- +goose Up

-- How often objects of a kind changed in a subtenant, counted in the
-- transaction that changes them. A server that compares the counts with those
-- it knows has missed no change, even if notifications were lost. No foreign
-- key: the deletion of a subtenant is a change as well.
CREATE TABLE changes (
    tenant text COLLATE "C" NOT NULL,
    kind   text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (tenant, kind)
);

-- +goose Down
DROP TABLE changes;
