-- +goose Up

-- sealed is the value, encrypted for this subtenant and name.
CREATE TABLE secrets (
    tenant     text COLLATE "C" NOT NULL REFERENCES subtenants (id) ON DELETE CASCADE,
    name       text COLLATE "C" NOT NULL,
    sealed     bytea NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, name)
);

-- +goose Down
DROP TABLE secrets;
