-- +goose Up

-- Where the functions of a subtenant run: auto leaves that to the server and to
-- the packages of the subtenant.
ALTER TABLE subtenants ADD COLUMN lane text COLLATE "C" NOT NULL DEFAULT 'auto' CHECK (lane IN ('auto', 'embedded', 'process'));

-- +goose Down
ALTER TABLE subtenants DROP COLUMN lane;
