package testkit

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"maestro/internal/postgres"
	"maestro/migrations"
	"maestro/repo"
)

// clusterSlots is how many test processes may have a cluster at a time.
const clusterSlots = 64

// cluster is this process's PostgreSQL.
type cluster struct {
	url      string         // of a database that tests don't use
	template string         // the name of the migrated one
	copying  string         // how to make a copy of it
	idle     chan *pgx.Conn // connections to url, for run
}

// theCluster starts it on first use. It ends with the process.
var theCluster = sync.OnceValues(func() (cluster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	server, err := startInFreeSlot(ctx)
	if err != nil {
		return cluster{}, err
	}
	c := cluster{url: server.URL(), idle: make(chan *pgx.Conn, 4)}
	if server.Version() >= 15 {
		// The only way before 15, and half as long when nothing is synced.
		c.copying = " STRATEGY FILE_COPY"
	}
	return c, c.prepare(ctx)
})

// startInFreeSlot starts a server on the first cluster that no other test
// process uses. No data is synced to disk: it is not needed after a power cut.
func startInFreeSlot(ctx context.Context) (*postgres.Server, error) {
	var err error
	for slot := range clusterSlots {
		var dir string
		if dir, err = cacheDir(fmt.Sprintf("cluster-%d", slot)); err != nil {
			return nil, err
		}
		var server *postgres.Server
		server, err = postgres.Start(ctx, postgres.Options{DataDir: dir, Settings: map[string]string{
			"fsync": "off", "full_page_writes": "off", "max_connections": "200", "autovacuum": "off",
		}})
		if err == nil {
			return server, nil
		}
		if !errors.Is(err, postgres.ErrInUse) {
			break
		}
	}
	return nil, fmt.Errorf("start PostgreSQL for tests: %w", err)
}

// prepare drops the databases of earlier test processes and creates the template,
// unless one of these migrations and of today exists: partitions are by day.
func (c *cluster) prepare(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.url)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(ctx)
	c.template = templateName()
	rows, err := conn.Query(ctx, "SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%' OR datname LIKE 'template\\_%'")
	if err != nil {
		return fmt.Errorf("list databases: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list databases: %w", err)
	}
	ready := false
	for _, name := range names {
		if name == c.template {
			ready = true
			continue
		}
		if _, err := conn.Exec(ctx, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
			return fmt.Errorf("drop an earlier test's database: %w", err)
		}
	}
	if ready {
		return nil
	}
	return c.makeTemplate(ctx, conn)
}

// makeTemplate names the template last, so that an unfinished one is never used.
func (c *cluster) makeTemplate(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "CREATE DATABASE template_unfinished"); err != nil {
		return fmt.Errorf("make the template: %w", err)
	}
	url := withDatabase(c.url, "template_unfinished")
	if _, err := migrations.Up(ctx, url); err != nil {
		return err
	}
	db, err := repo.Open(ctx, url, repo.Options{})
	if err != nil {
		return err
	}
	err = db.EnsurePartitions(ctx, time.Now())
	db.Close()
	if err != nil {
		return err
	}
	if err := compact(ctx, url); err != nil {
		return fmt.Errorf("compact the template: %w", err)
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE template_unfinished RENAME TO "+c.template); err != nil {
		return fmt.Errorf("name the template: %w", err)
	}
	return nil
}

// compact rewrites every table, which leaves about 90 of 610 files (maps of free
// space and visibility) out of each copy: most of a copy's time is spent on files.
func compact(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "VACUUM (FULL, FREEZE)")
	return err
}

// templateName tells templates of different migrations and days apart.
func templateName() string {
	sum := fnv.New64a()
	entries, _ := fs.ReadDir(migrations.Files, ".")
	for _, entry := range entries {
		content, _ := fs.ReadFile(migrations.Files, entry.Name())
		_, _ = sum.Write([]byte(entry.Name()))
		_, _ = sum.Write(content)
	}
	return fmt.Sprintf("template_compact_%x_%s", sum.Sum64(), time.Now().UTC().Format("20060102"))
}

// withDatabase puts another database's name into a URL.
func withDatabase(url, name string) string {
	base, query, _ := strings.Cut(url, "?")
	return base[:strings.LastIndex(base, "/")+1] + name + "?" + query
}
