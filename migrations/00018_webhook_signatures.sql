-- +goose Up

-- signature says how callers sign, and names the secrets; null: they need not.
ALTER TABLE webhooks ADD COLUMN signature json;

-- +goose Down
ALTER TABLE webhooks DROP COLUMN signature;
