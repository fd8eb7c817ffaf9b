-- +goose Up

-- The calls of webhooks that were refused for their signatures: a row for those of one
-- minute, reason and sender. Servers add to it in the background, and keep the newest
-- rows of each webhook alone, so that no sender can fill the table. An address of ''
-- stands for the senders beyond the first few of a minute.
CREATE TABLE webhook_refusals (
    id         uuid PRIMARY KEY,
    tenant     text COLLATE "C" NOT NULL,
    webhook_id uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    minute     timestamptz NOT NULL,
    reason     text COLLATE "C" NOT NULL,
    address    text COLLATE "C" NOT NULL,
    calls      bigint NOT NULL,
    last_at    timestamptz NOT NULL,
    method     text COLLATE "C" NOT NULL, -- of the last of them, as headers
    headers    text[] NOT NULL,           -- names alone
    UNIQUE (webhook_id, minute, reason, address)
);

CREATE INDEX webhook_refusals_by_webhook ON webhook_refusals (webhook_id, id);

-- +goose Down
DROP TABLE webhook_refusals;
