-- +goose Up

-- Whether a version's schema was derived from the type hints of its code: new
-- code then derives another one. A schema that its author wrote, or cleared,
-- stays as it is.
ALTER TABLE function_versions
    ADD COLUMN input_derived  boolean NOT NULL DEFAULT false,
    ADD COLUMN output_derived boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE function_versions DROP COLUMN input_derived, DROP COLUMN output_derived;
