package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"maestro/internal/faultproxy"
	"maestro/internal/model"
	"maestro/internal/recorder"
	"maestro/internal/scratch"
	"maestro/repo"
)

const (
	// left is how many runs are in progress when PostgreSQL goes away: new ones are
	// refused from then on.
	left = 1_000
	// reserved is what the spool takes without records (docs/operations.md, Sizing).
	reserved = 32 << 20
)

// spool lives days with an outage of PostgreSQL each: the records of the runs in progress go
// to the disk, and from there to PostgreSQL once it is back.
func (p plan) spool(ctx context.Context, database *scratch.Database, out io.Writer) error {
	proxy, url, err := faultproxy.Postgres(database.URL())
	if err != nil {
		return err
	}
	defer proxy.Close()
	db, err := repo.Open(ctx, url, repo.Options{MaxConns: 8})
	if err != nil {
		return err
	}
	defer db.Close()
	defer proxy.Cut()
	if err := db.EnsurePartitions(ctx, time.Now()); err != nil {
		return err
	}
	dir, err := scratch.Folder("growth-spool")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r := recorder.New(db, recorder.Options{SpoolDir: dir}, slog.New(slog.DiscardHandler))
	if err := r.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = r.Stop(ctx) }()
	fmt.Fprintf(out, "\nSpool: each day PostgreSQL goes away while %d runs with %d steps each are in progress\n\n", left, p.steps)
	fmt.Fprintf(out, "| day | during the outage, MB | after it, MB |\n| --- | --- | --- |\n")
	for day := range p.days {
		proxy.Refuse(true)
		proxy.Cut()
		if kept := p.finish(ctx, r); kept != left {
			return fmt.Errorf("%d of %d records of day %d were neither committed nor spooled", left-kept, left, day+1)
		}
		during, err := folderSize(dir)
		if err != nil {
			return err
		}
		proxy.Refuse(false)
		for end := time.Now().Add(time.Minute); r.Stats().SpoolFiles > 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				return errors.New("the spool was not replayed within a minute")
			}
		}
		after, err := folderSize(dir)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| %d | %.1f | %.1f |\n", day+1, mb(during), mb(after))
		if after > reserved {
			return fmt.Errorf("the spool takes %.1f MB after the outage of day %d, and %.0f MB are reserved", mb(after), day+1, mb(reserved))
		}
	}
	return nil
}

// finish records the ends of the runs in progress, and returns how many are safe.
func (p plan) finish(ctx context.Context, r *recorder.Recorder) (kept int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for n := range left {
		all.Go(func() {
			how := r.Finish(ctx, p.record(n, time.Now()))
			mu.Lock()
			defer mu.Unlock()
			if how != model.Unsaved {
				kept++
			}
		})
	}
	all.Wait()
	return kept
}
