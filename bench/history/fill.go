package main

import (
	"context"
	"fmt"
	"time"

	"maestro/repo"
)

// makeDays makes the partitions of so many days before today.
func makeDays(ctx context.Context, db *repo.DB, n int) error {
	for day := range n {
		if err := db.EnsurePartitions(ctx, time.Now().AddDate(0, 0, -day)); err != nil {
			return err
		}
	}
	return nil
}

// insertDay stores a day's executions, spread evenly: of two functions, one of
// them seldom; mostly completed, from one webhook, in a few milliseconds. $1 is
// the day's first moment in milliseconds since 1970, $2 how many.
const insertDay = `
INSERT INTO executions (id, tenant, function_name, function_version, trigger_type, trigger_id, status, input_data, output_data, error_type,
    created_at, started_at, completed_at, duration_us, parent_id)
SELECT (lpad(to_hex(at), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid, 'acme',
    CASE WHEN n % 20000 = 7 THEN 'seldom' ELSE 'often' END, 1,
    CASE WHEN n % 1000 = 3 THEN 'schedule' WHEN n % 20000 = 11 THEN 'retry' ELSE 'webhook' END,
    CASE WHEN n % 1000 = 3 THEN '00000000-0000-7000-8000-000000000002'::uuid ELSE '00000000-0000-7000-8000-000000000001'::uuid END,
    CASE WHEN n % 500 = 13 THEN 'failed' WHEN n % 20000 = 17 THEN 'timed_out' ELSE 'completed' END,
    '{"id": 17, "name": "something of an ordinary length"}', '{"ok": true}',
    CASE WHEN n % 500 = 13 THEN CASE WHEN n % 5000 = 13 THEN 'ValueError' ELSE 'KeyError' END WHEN n % 20000 = 17 THEN 'TimeoutError' END,
    to_timestamp(at / 1000.0), to_timestamp(at / 1000.0), to_timestamp(at / 1000.0),
    CASE WHEN n % 20000 = 19 THEN 30000000 ELSE 1000 + n % 8000 END,
    CASE WHEN n % 20000 = 11 THEN '00000000-0000-7000-8000-000000000003'::uuid END
FROM (SELECT n, $1::bigint + n * (86400000 / $2::bigint) AS at FROM generate_series(0, $2::bigint - 1) AS n) AS series`

// fill stores so many executions over the days up to now.
func fill(ctx context.Context, db *repo.DB, rows int) error {
	if _, err := db.EnsureSubtenant(ctx, tenant); err != nil {
		return err
	}
	if err := makeDays(ctx, db, days+1); err != nil {
		return err
	}
	for day := range days {
		from := time.Now().AddDate(0, 0, -day-1)
		if _, err := db.Pool().Exec(ctx, insertDay, from.UnixMilli(), rows/days); err != nil {
			return fmt.Errorf("fill day %d: %w", day, err)
		}
	}
	_, err := db.Pool().Exec(ctx, "VACUUM ANALYZE executions")
	return err
}
