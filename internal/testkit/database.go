package testkit

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"maestro/repo"
)

var databases atomic.Int64

// DB opens a migrated database for this test.
func DB(t testing.TB) *repo.DB {
	t.Helper()
	db, err := repo.Open(t.Context(), DatabaseURL(t), repo.Options{Name: t.Name(), Log: Logger(t)})
	if err != nil {
		t.Fatalf("open the test's database: %v", err)
	}
	t.Cleanup(db.Close)
	return db
}

// DatabaseURL creates a migrated database for this test, and drops it at the
// test's end.
func DatabaseURL(t testing.TB) string {
	t.Helper()
	c := runningCluster(t)
	return c.create(t, " TEMPLATE "+c.template+c.copying)
}

// EmptyDatabaseURL creates a database without tables.
func EmptyDatabaseURL(t testing.TB) string {
	t.Helper()
	return runningCluster(t).create(t, "")
}

func runningCluster(t testing.TB) cluster {
	t.Helper()
	c, err := theCluster()
	if err != nil {
		t.Fatalf("no PostgreSQL for tests (scripts/setup installs one): %v", err)
	}
	return c
}

func (c cluster) create(t testing.TB, option string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1))
	if err := c.run(t.Context(), "CREATE DATABASE "+name+option); err != nil {
		t.Fatalf("make the test's database: %v", err)
	}
	t.Cleanup(func() {
		if err := c.run(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return withDatabase(c.url, name)
}

// run takes a connection that an earlier statement has left, if there is one: a
// new one costs the server a process, twice for each test.
func (c cluster) run(ctx context.Context, sql string) error {
	var conn *pgx.Conn
	select {
	case conn = <-c.idle:
	default:
		var err error
		if conn, err = pgx.Connect(ctx, c.url); err != nil {
			return fmt.Errorf("connect: %w", err)
		}
	}
	_, err := conn.Exec(ctx, sql)
	if !conn.IsClosed() { // as it is when ctx ended meanwhile
		select {
		case c.idle <- conn:
			return err
		default:
		}
		_ = conn.Close(context.Background())
	}
	return err
}
