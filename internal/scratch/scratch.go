// Package scratch gives a measurement a folder and a PostgreSQL of its own, which end
// with it. It must not measure anything.
package scratch

import (
	"context"
	"log/slog"
	"os"

	"maestro/internal/postgres"
	"maestro/migrations"
	"maestro/repo"
)

// Folder makes a folder that the database's user, not root, may enter. The
// caller removes it.
func Folder(name string) (string, error) {
	dir, err := os.MkdirTemp("", "maestro-"+name+"-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		_ = os.RemoveAll(dir)
		return "", err
	}
	return dir, nil
}

// Database is a PostgreSQL server on a folder.
type Database struct {
	Dir    string
	server *postgres.Server
}

// Start starts one. The caller ends it.
func Start(ctx context.Context, name string) (*Database, error) {
	dir, err := Folder(name)
	if err != nil {
		return nil, err
	}
	server, err := postgres.Start(ctx, postgres.Options{DataDir: dir})
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return &Database{dir, server}, nil
}

// URL is the database's address.
func (d *Database) URL() string { return d.server.URL() }

// Open brings the schema up to date and opens the database. The caller closes it.
func (d *Database) Open(ctx context.Context) (*repo.DB, error) {
	if _, err := migrations.Up(ctx, d.URL()); err != nil {
		return nil, err
	}
	return repo.Open(ctx, d.URL(), repo.Options{Log: slog.New(slog.DiscardHandler)})
}

// End stops the server and removes the folder.
func (d *Database) End() {
	_ = d.server.Stop(context.Background())
	_ = os.RemoveAll(d.Dir)
}
