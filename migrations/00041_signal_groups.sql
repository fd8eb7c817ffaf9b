-- +goose Up

-- A row may stand for several executions of a function that one transaction has ended:
-- first_at is the end of the first of them (NULL: at), at and execution_id are the latest's.
ALTER TABLE alert_signals ADD COLUMN first_at timestamptz, ADD COLUMN occurrences integer NOT NULL DEFAULT 1;

-- As signal_failures of five arguments, for such groups; servers of the version before use
-- that one. The setting is that of notify_of, which would be planned anew in each call.
-- +goose StatementBegin
CREATE FUNCTION signal_failures(tenants text[], functions text[], firsts timestamptz[], ats timestamptz[], counts integer[], ids uuid[], parents uuid[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO alert_signals (tenant, function_name, first_at, at, occurrences, execution_id, parent_id)
    SELECT g.tenant, g.function_name, g.first_at, g.at, g.occurrences, g.id, g.parent
    FROM unnest(tenants, functions, firsts, ats, counts, ids, parents) AS g (tenant, function_name, first_at, at, occurrences, id, parent)
    JOIN subtenants s ON s.id = g.tenant
    LEFT JOIN functions f ON f.tenant = g.tenant AND f.name = g.function_name
    WHERE COALESCE(f.notify, s.notify)::text <> '"off"';
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION signal_failures(text[], text[], timestamptz[], timestamptz[], integer[], uuid[], uuid[]);
ALTER TABLE alert_signals DROP COLUMN occurrences, DROP COLUMN first_at;
