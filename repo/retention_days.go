package repo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// lockPatience is how long a round of retention waits for a table. Statements that
// come after it wait as long behind it, inserts too: so it is short.
const lockPatience = 200 * time.Millisecond

// mostDaysMade bounds the days that one round makes for what lies in the default
// partitions: a clock that was wrong may have spread it widely.
const mostDaysMade = 100

// patiently runs do in a transaction that gives up where a table is in use.
func (r *retention) patiently(ctx context.Context, do func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, fmt.Sprintf("SET LOCAL lock_timeout = '%dms'", lockPatience.Milliseconds())); err != nil {
			return err
		}
		return do(tx)
	})
}

// dropDay takes a partition off its table and drops it, and reports whether it
// did: a day with executions that are not over stays. The table is locked for a
// moment only; it can't be taken off without that while there is a default
// partition.
func (r *retention) dropDay(ctx context.Context, parent, name string) (bool, error) {
	table, child := pgx.Identifier{parent}.Sanitize(), pgx.Identifier{name}.Sanitize()
	unfinished := false
	err := r.patiently(ctx, func(tx pgx.Tx) error {
		// The parent first, in the order of an insert.
		if _, err := tx.Exec(ctx, "LOCK TABLE ONLY "+table+" IN ACCESS EXCLUSIVE MODE"); err != nil {
			return err
		}
		if parent == parents[0] {
			if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM "+child+" WHERE status IN ('pending', 'running'))").Scan(&unfinished); err != nil || unfinished {
				return err
			}
		}
		_, err := tx.Exec(ctx, "ALTER TABLE "+table+" DETACH PARTITION "+child)
		return err
	})
	if err != nil || unfinished {
		return false, wrap(err, "take the partition %s off", name)
	}
	return true, r.drop(ctx, name)
}

// dropDetached drops what an earlier round took off and did not get to drop.
func (r *retention) dropDetached(ctx context.Context) error {
	for _, parent := range parents {
		names, err := r.q.ListDetachedPartitions(ctx, parent)
		if err != nil {
			return fmt.Errorf("look for partitions that were taken off: %w", err)
		}
		for _, name := range names {
			if err := r.drop(ctx, name); err != nil {
				return err
			}
			r.done.Partitions++
		}
	}
	return nil
}

func (r *retention) drop(ctx context.Context, name string) error {
	_, err := r.pool.Exec(ctx, "DROP TABLE IF EXISTS "+pgx.Identifier{name}.Sanitize())
	return wrap(err, "drop the partition %s", name)
}

// makeDays moves what lies in the default partitions to days of its own: of a
// server that was away for long, or whose clock was wrong.
func (r *retention) makeDays(ctx context.Context) error {
	for _, parent := range parents {
		for range mostDaysMade {
			var id model.ID
			err := r.pool.QueryRow(ctx, "SELECT id FROM "+pgx.Identifier{parent + "_default"}.Sanitize()+" ORDER BY id LIMIT 1").Scan((*[16]byte)(&id))
			if errors.Is(err, pgx.ErrNoRows) {
				break
			}
			if err != nil {
				return fmt.Errorf("look for rows outside of all days: %w", err)
			}
			day := id.Time().Truncate(partitionSpan)
			made := false
			err = r.patiently(ctx, func(tx pgx.Tx) (err error) {
				made, err = makeDay(ctx, r.q.WithTx(tx), parent, day)
				return err
			})
			if isLockTimeout(err) {
				r.done.Busy++
				break
			}
			if err != nil {
				return fmt.Errorf("make a day for rows outside of all: %w", err)
			}
			if !made {
				break // it is there, and they can't be moved: an id that is no time
			}
			r.oldest.Store(nil)
			r.done.Moved++
		}
	}
	return nil
}

// makeDay makes a day's partition of parent, unless it is there.
func makeDay(ctx context.Context, q *dbsqlc.Queries, parent string, day time.Time) (bool, error) {
	return q.MakePartition(ctx, dbsqlc.MakePartitionParams{
		Parent: parent, Child: parent + day.Format(partitionSuffix),
		LowerID: uuid(model.FirstIDOf(day)), UpperID: uuid(model.FirstIDOf(day.Add(partitionSpan))),
	})
}

func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
