-- +goose Up

-- Which executions were run again: a bulk retry leaves them out, however many
-- there are at the same time. No foreign key: a partition of executions can
-- be dropped by itself.
CREATE TABLE execution_retries (
    tenant       text COLLATE "C" NOT NULL REFERENCES subtenants (id) ON DELETE CASCADE,
    execution_id uuid NOT NULL,
    retry_id     uuid NOT NULL,
    PRIMARY KEY (tenant, execution_id)
);

-- Those from before this table.
INSERT INTO execution_retries (tenant, execution_id, retry_id)
SELECT DISTINCT ON (e.tenant, e.parent_id) e.tenant, e.parent_id, e.id FROM executions e JOIN subtenants s ON s.id = e.tenant
WHERE e.trigger_type = 'retry' AND e.parent_id IS NOT NULL
ORDER BY e.tenant, e.parent_id, e.id DESC;

-- +goose Down
DROP TABLE execution_retries;
