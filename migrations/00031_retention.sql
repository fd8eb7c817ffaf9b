-- +goose Up

-- How many days a subtenant's executions are kept: NULL is as the server's
-- setting says, 0 for ever.
ALTER TABLE subtenants ADD COLUMN retention_days integer CHECK (retention_days BETWEEN 0 AND 36500);

-- day_partitions names the partitions by day of executions or of
-- step_executions, oldest first.
CREATE FUNCTION day_partitions(parent text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
    SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = parent::regclass AND c.relname <> parent || '_default'
    ORDER BY 1
$$;

-- detached_partitions names former partitions by day: the server ended between
-- detaching and dropping them.
CREATE FUNCTION detached_partitions(parent text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
    SELECT c.relname::text FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = (SELECT p.relnamespace FROM pg_class p WHERE p.oid = parent::regclass)
      AND c.relname ~ ('^' || parent || '_[0-9]{8}$') AND NOT EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhrelid = c.oid)
    ORDER BY 1
$$;

-- +goose Down
DROP FUNCTION detached_partitions(text);
DROP FUNCTION day_partitions(text);
ALTER TABLE subtenants DROP COLUMN retention_days;
