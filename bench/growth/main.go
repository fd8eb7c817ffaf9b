// Command growth lives weeks of a server in minutes. Of its history: each day it stores
// executions by the recorder's own path, with the day's time, makes a round of
// retention with the day's clock, and adds the executions to the sums. Of its packages,
// its spool and its live logs: each day subtenants change their packages, PostgreSQL goes
// away for a moment, and functions print. It shows what each takes, and fails if that
// exceeds the bounds that docs/operations.md states, or grows once the first day has
// expired.
//
// Usage: growth [-days 14] [-kept 7] [-runs 20000] [-steps 3]. It brings its own
// PostgreSQL, on a folder that it deletes at its end.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"maestro/internal/model"
	"maestro/internal/scratch"
	"maestro/repo"
)

// most is by how much the disk may grow after the first day has expired: the
// subtenant with a term of its own leaves gaps that are filled again.
const most = 1.1

// plan is the volume of a trial.
type plan struct {
	days, kept, runs, steps int
}

func main() {
	var p plan
	flag.IntVar(&p.days, "days", 14, "days to live")
	flag.IntVar(&p.kept, "kept", 7, "days that executions are kept (MAESTRO_RETENTION_DAYS)")
	flag.IntVar(&p.runs, "runs", 20_000, "executions a day")
	flag.IntVar(&p.steps, "steps", 3, "steps of each execution")
	flag.Parse()
	if err := run(context.Background(), p, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, p plan, out io.Writer) error {
	database, err := scratch.Start(ctx, "growth")
	if err != nil {
		return err
	}
	defer database.End()
	db, err := database.Open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := p.live(ctx, db, out); err != nil {
		return err
	}
	for _, limit := range []int64{10 << 30, 100 << 20} {
		if err := p.packages(ctx, out, limit); err != nil {
			return err
		}
	}
	if err := p.spool(ctx, database, out); err != nil {
		return err
	}
	return p.logs(ctx, out)
}

func (p plan) live(ctx context.Context, db *repo.DB, out io.Writer) error {
	short := 2
	for tenant, days := range map[string]*int{usual: nil, brief: &short} {
		if _, err := db.EnsureSubtenant(ctx, tenant); err != nil {
			return err
		}
		if days == nil {
			continue
		}
		if _, err := db.Pool().Exec(ctx, "UPDATE subtenants SET retention_days = $2 WHERE id = $1", tenant, *days); err != nil {
			return err
		}
	}
	empty, err := measure(ctx, db)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d executions a day with %d steps each, kept for %d days, one in ten of a subtenant that keeps them for %d\n\n", p.runs, p.steps, p.kept, short)
	fmt.Fprintf(out, "| day | stored, s | dropped days | deleted rows | database, MB | WAL, MB |\n| --- | --- | --- | --- | --- | --- |\n")
	begin := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -p.days)
	if _, err := db.Pool().Exec(ctx, "UPDATE sum_state SET summed_to = $1", begin); err != nil {
		return err
	}
	var full size // once the first day has expired
	var bytes float64
	for day := range p.days {
		from := begin.AddDate(0, 0, day)
		began := time.Now()
		if err := db.EnsurePartitions(ctx, from); err != nil {
			return err
		}
		if err := p.store(ctx, db, from); err != nil {
			return err
		}
		took := time.Since(began)
		done, err := p.retain(ctx, db, from.Add(24*time.Hour))
		if err != nil {
			return err
		}
		if err := sum(ctx, db, from.Add(24*time.Hour)); err != nil {
			return err
		}
		now, err := measure(ctx, db)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| %d | %.1f | %d | %d | %.0f | %.0f |\n", day+1, took.Seconds(), done.Partitions, done.Executions, mb(now.database), mb(now.wal))
		switch {
		case day == 0:
			bytes = float64(now.database-empty.database) / float64(p.runs)
		case day == p.kept+1:
			full = now
		case day > p.kept+1 && float64(now.database) > most*float64(full.database):
			return fmt.Errorf("the database has grown from %.0f MB to %.0f MB after the first day had expired", mb(full.database), mb(now.database))
		}
	}
	fmt.Fprintf(out, "\nan execution with %d steps takes %.0f bytes with its indexes; values of %d bytes each\n", p.steps, bytes, len(value))
	return nil
}

// retain makes the hourly rounds of a day, until one finds no day in use: a vacuum
// keeps a day from being dropped for that moment.
func (p plan) retain(ctx context.Context, db *repo.DB, midnight time.Time) (sum repo.Retained, err error) {
	for hour := range 24 {
		done, err := db.Retain(ctx, midnight.Add(time.Duration(hour)*time.Hour), p.kept)
		if err != nil {
			return sum, err
		}
		sum.Partitions += done.Partitions
		sum.Executions += done.Executions
		if done.Busy == 0 {
			break
		}
	}
	return sum, nil
}

// sum adds the day's executions to the sums, as a server does with those that were
// written late. Sums of days before the last week are not kept.
func sum(ctx context.Context, db *repo.DB, midnight time.Time) error {
	const batch = 1000
	for {
		done, err := db.SumSlice(ctx, midnight, time.Hour)
		if err != nil {
			return err
		}
		if !done.To.Before(midnight) {
			break
		}
	}
	for last, begun := (model.ID{}), false; !begun || !last.IsZero(); begun = true {
		var err error
		if last, _, err = db.SumNoted(ctx, last, batch); err != nil {
			return err
		}
	}
	if err := db.DeleteOldSums(ctx, midnight); err != nil {
		return err
	}
	// A day of a server has time for many rounds of autovacuum.
	_, err := db.Pool().Exec(ctx, "VACUUM unsummed_runs, run_sums, call_sums, run_marks")
	return err
}

// size is what the database takes on the disk, in bytes.
type size struct{ database, wal int64 }

func measure(ctx context.Context, db *repo.DB) (s size, err error) {
	err = db.Pool().QueryRow(ctx, "SELECT pg_database_size(current_database()), (SELECT sum(size)::bigint FROM pg_ls_waldir())").Scan(&s.database, &s.wal)
	return s, err
}

func mb(bytes int64) float64 { return float64(bytes) / (1 << 20) }
