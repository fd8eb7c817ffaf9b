package migrations

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// The queue's own tables come with River, under numbers of their own.

// withRiver runs do with River's migrator, on one connection.
func withRiver(ctx context.Context, url string, do func(*rivermigrate.Migrator[pgx.Tx]) error) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("read the database URL: %w", err)
	}
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect for the queue's migrations: %w", err)
	}
	defer pool.Close()
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return fmt.Errorf("read the queue's migrations: %w", err)
	}
	return do(migrator)
}

// riverIsUpToDate reports whether nothing of River's is pending.
func riverIsUpToDate(ctx context.Context, url string) (upToDate bool, err error) {
	err = withRiver(ctx, url, func(m *rivermigrate.Migrator[pgx.Tx]) error {
		state, err := m.Validate(ctx, nil)
		if err == nil {
			upToDate = state.OK
		}
		return err
	})
	return upToDate, err
}

func migrateRiver(ctx context.Context, url string, direction rivermigrate.Direction) error {
	return withRiver(ctx, url, func(m *rivermigrate.Migrator[pgx.Tx]) error {
		opts := &rivermigrate.MigrateOpts{}
		if direction == rivermigrate.DirectionDown {
			opts.TargetVersion = -1 // all of it
		}
		if _, err := m.Migrate(ctx, direction, opts); err != nil {
			return fmt.Errorf("migrate the queue's tables: %w", err)
		}
		return nil
	})
}

// locked runs do while no other process migrates.
func locked(ctx context.Context, db *sql.DB, locker lock.SessionLocker, do func() error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect for the migration lock: %w", err)
	}
	defer func() { _ = conn.Close() }() // back to its pool
	if err := locker.SessionLock(ctx, conn); err != nil {
		return fmt.Errorf("take the migration lock: %w", err)
	}
	defer func() { _ = locker.SessionUnlock(context.WithoutCancel(ctx), conn) }() // it goes with the connection in any case
	return do()
}
