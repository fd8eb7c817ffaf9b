-- +goose Up

-- What a stored text is: a function, or a module that functions import by its
-- name. It stays what it was created as until it is deleted.
ALTER TABLE functions
    ADD COLUMN kind text COLLATE "C" NOT NULL DEFAULT 'function' CHECK (kind IN ('function', 'module'));

-- The names that a version's code uses without defining them, and those of the
-- modules that it imports: who calls or imports whom. NULL stands for code
-- that has not been read for them yet; it is read when the names are asked for.
ALTER TABLE function_versions
    ADD COLUMN uses    text[],
    ADD COLUMN imports text[];

-- +goose Down
ALTER TABLE function_versions DROP COLUMN uses, DROP COLUMN imports;
ALTER TABLE functions DROP COLUMN kind;
