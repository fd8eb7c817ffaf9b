// Package migrations holds the database's schema as numbered SQL files and
// applies them, under a lock that keeps two servers from doing so at once.
//
// It must not query the product's data: that is the task of repo.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/rivermigrate"
)

// Files are the migrations, one SQL file each.
//
//go:embed *.sql
var Files embed.FS

// Migration is one step of the schema's history.
type Migration struct {
	Version   int64
	Name      string    // of its file
	AppliedAt time.Time // zero while it is pending
}

// Up applies the pending migrations of this package and of the queue, and
// returns those of this package; having none pending is not an error. While
// another process migrates it waits for that one, up to five minutes.
func Up(ctx context.Context, url string) ([]Migration, error) {
	return migrate(url, func(p *goose.Provider, db *sql.DB, locker lock.SessionLocker) (done []*goose.MigrationResult, err error) {
		pending, err := p.HasPending(ctx)
		if err != nil {
			return nil, err
		}
		upToDate, err := riverIsUpToDate(ctx, url)
		if err != nil || upToDate && !pending {
			return nil, err // the usual start: no lock taken
		}
		err = locked(ctx, db, locker, func() error {
			// The queue's first: some of ours trim its tables.
			if err := migrateRiver(ctx, url, rivermigrate.DirectionUp); err != nil {
				return err
			}
			done, err = p.Up(ctx)
			return err
		})
		return done, err
	})
}

// Down reverts every migration, dropping all data. It exists for tests and for
// a fresh start.
func Down(ctx context.Context, url string) ([]Migration, error) {
	return migrate(url, func(p *goose.Provider, db *sql.DB, locker lock.SessionLocker) (done []*goose.MigrationResult, err error) {
		err = locked(ctx, db, locker, func() error {
			if done, err = p.DownTo(ctx, 0); err != nil {
				return err
			}
			return migrateRiver(ctx, url, rivermigrate.DirectionDown)
		})
		return done, err
	})
}

// Status lists every migration that this program knows, applied or not.
func Status(ctx context.Context, url string) ([]Migration, error) {
	provider, db, _, err := open(url)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	states, err := provider.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read migration status: %w", err)
	}
	var all []Migration
	for _, s := range states {
		all = append(all, Migration{Version: s.Source.Version, Name: s.Source.Path, AppliedAt: s.AppliedAt})
	}
	return all, nil
}

func migrate(url string, run func(*goose.Provider, *sql.DB, lock.SessionLocker) ([]*goose.MigrationResult, error)) ([]Migration, error) {
	provider, db, locker, err := open(url)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	results, err := run(provider, db, locker)
	if err != nil {
		return nil, fmt.Errorf("migrate the database: %w", err)
	}
	var done []Migration
	for _, r := range results {
		done = append(done, Migration{Version: r.Source.Version, Name: r.Source.Path, AppliedAt: time.Now()})
	}
	return done, nil
}

// open makes a provider, and the lock that is to be held while it migrates;
// the caller closes the database, which closes the provider's connection with
// it.
func open(url string) (*goose.Provider, *sql.DB, lock.SessionLocker, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("read the database URL: %w", err)
	}
	// Asked every second, 300 times.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("make the migration lock: %w", err)
	}
	db := stdlib.OpenDB(*config)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, Files)
	if err != nil {
		_ = db.Close()
		return nil, nil, nil, fmt.Errorf("read the migrations: %w", err)
	}
	return provider, db, locker, nil
}
