package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// Retained says what a round of retention took away.
type Retained struct {
	Elsewhere  bool // another server is at it; nothing was done
	Partitions int  // days that were dropped, of executions or of steps
	Executions int  // rows that were deleted one by one, with their steps
	Moved      int  // days made for rows that lay outside of those there were
	Busy       int  // partitions that were in use, and are left for the next round
}

// Retain takes away executions, with their steps, that are older than their
// subtenants keep them: days is for those without a number of their own, and 0
// stands for ever. A day that no subtenant needs is dropped whole; from others
// rows are deleted in small batches. A run that is not over stays, and its day
// with it. What lies in the default partitions is moved to days first.
//
// One server does so at a time. The next round goes on with an unfinished one.
func (d *DB) Retain(ctx context.Context, now time.Time, days int) (done Retained, err error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return done, d.fail(err, "begin a round of retention")
	}
	defer conn.Release()
	lock := dbsqlc.New(conn)
	ours, err := lock.TryLockRetention(ctx)
	if err != nil || !ours {
		done.Elsewhere = err == nil
		return done, d.fail(err, "begin a round of retention")
	}
	defer func() {
		if _, unlockErr := lock.UnlockRetention(context.WithoutCancel(ctx)); unlockErr != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx)) // the lock ends with its session
		}
	}()
	r := retention{DB: d, now: now.UTC(), done: &done}
	for _, step := range []func(context.Context) error{
		r.dropDetached, r.makeDays, func(ctx context.Context) error { return r.readTerms(ctx, days) }, r.deleteExpired, r.dropDays, r.deleteRetries,
		func(ctx context.Context) error { return r.q.DeleteOldRefusals(ctx, int32(days), r.now) },
	} {
		if err := step(ctx); err != nil {
			return done, d.fail(err, "take old executions away")
		}
	}
	return done, nil
}

// retention is one round.
type retention struct {
	*DB
	now  time.Time
	done *Retained

	terms   []dbsqlc.ListRetentionsRow
	longest int // of the terms, in days; 0: for ever
}

// parents are the tables that are cut by days, the one that is seen first.
var parents = []string{"executions", "step_executions"}

// cutoff is the first moment that a term of so many days keeps.
func (r *retention) cutoff(days int) time.Time {
	return r.now.AddDate(0, 0, -days).Truncate(partitionSpan)
}

func (r *retention) readTerms(ctx context.Context, days int) (err error) {
	if r.terms, err = r.q.ListRetentions(ctx, int32(days)); err != nil {
		return fmt.Errorf("read the subtenants' terms: %w", err)
	}
	if len(r.terms) == 0 {
		r.longest = days
		return nil
	}
	for _, term := range r.terms {
		if term.Days == 0 {
			r.longest = 0
			return nil
		}
		r.longest = max(r.longest, int(term.Days))
	}
	return nil
}

// retainBatch is how many executions, with their steps, one transaction deletes.
const retainBatch = 500

// deleteExpired deletes what subtenants with a shorter term than others keep no
// more.
func (r *retention) deleteExpired(ctx context.Context) error {
	names, err := r.q.ListDayPartitions(ctx, parents[0])
	if err != nil || len(names) == 0 {
		return err
	}
	oldest, ok := dayOf(parents[0], names[0])
	if !ok {
		return fmt.Errorf("the partition %s is none of a day", names[0])
	}
	for _, term := range r.terms {
		before := r.cutoff(int(term.Days))
		if term.Days == 0 || int(term.Days) == r.longest || !before.After(oldest) {
			continue
		}
		from := uuid(model.FirstIDOf(oldest))
		for {
			ids, err := r.lists.ListExpired(ctx, dbsqlc.ListExpiredParams{
				Tenant: term.ID, FromID: from, BeforeID: uuid(model.FirstIDOf(before)), RowLimit: retainBatch,
			})
			if err != nil {
				return fmt.Errorf("look for expired executions of %s: %w", term.ID, err)
			}
			if len(ids) == 0 {
				break
			}
			if err := r.deleteBatch(ctx, term.ID, ids); err != nil {
				return err
			}
			from = ids[len(ids)-1]
		}
	}
	return nil
}

func (r *retention) deleteBatch(ctx context.Context, tenant string, ids []pgtype.UUID) error {
	if err := r.deleteExecutions(ctx, tenant, ids); err != nil {
		return fmt.Errorf("delete expired executions of %s: %w", tenant, err)
	}
	r.done.Executions += len(ids)
	return ctx.Err()
}

// dropDays drops the days that no subtenant needs, the oldest first.
func (r *retention) dropDays(ctx context.Context) error {
	if r.longest == 0 {
		return nil
	}
	kept := map[time.Time]bool{} // days with executions that are not over
	for _, parent := range parents {
		names, err := r.q.ListDayPartitions(ctx, parent)
		if err != nil {
			return fmt.Errorf("list the partitions of %s: %w", parent, err)
		}
		for _, name := range names {
			day, ok := dayOf(parent, name)
			if !ok || !day.Before(r.cutoff(r.longest)) || kept[day] {
				continue
			}
			switch dropped, err := r.dropDay(ctx, parent, name); {
			case isLockTimeout(err):
				r.done.Busy++
				kept[day] = true // its steps stay as long as it
			case err != nil:
				return err
			case dropped:
				r.done.Partitions++
			default:
				kept[day] = true
				if err := r.deleteOfDay(ctx, day); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// deleteOfDay deletes the ended executions of a day that has to stay.
func (r *retention) deleteOfDay(ctx context.Context, day time.Time) error {
	for {
		rows, err := r.lists.ListExpiredOfDay(ctx, uuid(model.FirstIDOf(day)), uuid(model.FirstIDOf(day.Add(partitionSpan))), retainBatch)
		if err != nil {
			return fmt.Errorf("look for expired executions of a day: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		for len(rows) > 0 {
			tenant := rows[0].Tenant
			n := slices.IndexFunc(rows, func(row dbsqlc.ListExpiredOfDayRow) bool { return row.Tenant != tenant })
			if n < 0 {
				n = len(rows)
			}
			ids := each(rows[:n], func(row dbsqlc.ListExpiredOfDayRow) pgtype.UUID { return row.ID })
			if err := r.deleteBatch(ctx, tenant, ids); err != nil {
				return err
			}
			rows = rows[n:]
		}
	}
}

// deleteRetries forgets which executions were run again that are no more.
func (r *retention) deleteRetries(ctx context.Context) error {
	if r.longest == 0 {
		return nil
	}
	for {
		n, err := r.q.DeleteOldRetries(ctx, uuid(model.FirstIDOf(r.cutoff(r.longest))), retainBatch)
		if err != nil || n == 0 {
			return err
		}
	}
}

// dayOf is the day that a partition is of, by its name.
func dayOf(parent, name string) (time.Time, bool) {
	day, err := time.Parse(partitionSuffix, strings.TrimPrefix(name, parent))
	return day, err == nil
}

// isLockTimeout reports whether err says that a table is in use.
func isLockTimeout(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "55P03" || pg.Code == "40P01") // not available, deadlock
}
