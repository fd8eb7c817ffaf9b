package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"maestro/internal/backup"
	"maestro/internal/config"
	"maestro/internal/postgres"
	"maestro/migrations"
)

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup [FILE]",
		Short: "write the database and the key to one file",
		Long: `Writes the database and SECRET_KEY to one file, by default maestro-TIME.tar in the
current folder. The server may run meanwhile: the file holds the database as it is
when the backup begins. Keep the file safe: it shows all secrets to its reader.

It holds functions, webhooks, schedules, secrets, executions and pending runs of all
subtenants. Packages are not in it, they are installed again where they are used; nor
are the working files of functions, live logs, and records in the spool, which wait
for a database that is unavailable.`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "maestro-" + time.Now().UTC().Format("20060102T150405Z") + ".tar"
			if len(args) > 0 {
				path = args[0]
			}
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			if _, err := os.Lstat(path); err == nil {
				return fmt.Errorf("%s is there already: name another file, or remove it", path)
			}
			var manifest *backup.Manifest
			if err := untilStopped(cmd.Context(), func(ctx context.Context) error {
				return a.onRunningDatabase(ctx, cfg, func(ctx context.Context, url string) (err error) {
					manifest, err = writeBackup(ctx, cfg, url, path)
					return err
				})
			}); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.stdout, "wrote %s: %s\n", path, contents(manifest))
			return err
		},
	}
}

func atMostOne(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usageError(fmt.Sprintf("unexpected argument %q; name one file", args[1]))
	}
	return nil
}

// onRunningDatabase runs do with the address of the settings' database. The embedded one
// is that of the server that runs on the data folder, or is started for it.
func (a *app) onRunningDatabase(ctx context.Context, cfg *config.Config, do func(ctx context.Context, url string) error) error {
	if cfg.DatabaseURL != "" {
		return do(ctx, string(cfg.DatabaseURL))
	}
	if _, err := os.Stat(filepath.Join(cfg.DataDir, "postgres")); err != nil {
		return fmt.Errorf("there is no database in DATA_DIR %s: set DATA_DIR to the data folder of the server", cfg.DataDir)
	}
	err := onEmbedded(ctx, cfg, a.stderr, do)
	if !errors.Is(err, postgres.ErrInUse) {
		return err
	}
	url, err := postgres.Running(cfg.DataDir)
	if err != nil {
		return err
	}
	return do(ctx, url)
}

func writeBackup(ctx context.Context, cfg *config.Config, url, path string) (*backup.Manifest, error) {
	if err := cfg.Prepare(); err != nil { // the key
		return nil, err
	}
	manifest, err := describe(ctx, url)
	if err != nil {
		return nil, err
	}
	tools, err := postgres.FindTools(ctx, cfg.DataDir, cfg.PGBin, manifest.Postgres)
	if err != nil {
		return nil, err
	}
	folder, err := backup.NewFolder(filepath.Dir(path), ".maestro-backup-") // on the disk that has room for it
	if err != nil {
		return nil, fmt.Errorf("make a folder for the backup: %w", err)
	}
	defer func() { _ = folder.Remove() }()
	if err := tools.Dump(ctx, url, filepath.Join(folder.Path, backup.Database)); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder.Path, backup.Key), []byte(cfg.SecretKey), 0o600); err != nil {
		return nil, fmt.Errorf("write the key: %w", err)
	}
	return manifest, backup.Write(path, folder.Path, manifest)
}

// counted are the tables whose rows a manifest counts, and its words for them.
var counted = []struct{ word, table string }{
	{"subtenants", "subtenants"}, {"functions", "functions"}, {"webhooks", "webhooks"},
	{"schedules", "scheduled_jobs"}, {"secrets", "secrets"}, {"executions", "executions"},
}

// describe makes the manifest of a database, all but its parts.
func describe(ctx context.Context, url string) (*backup.Manifest, error) {
	db, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	m := &backup.Manifest{Version: version, MadeAt: time.Now().UTC().Truncate(time.Second), Rows: map[string]int64{}}
	if err := db.QueryRow(ctx, "SELECT current_setting('server_version_num')::int / 10000").Scan(&m.Postgres); err != nil {
		return nil, fmt.Errorf("read the version of PostgreSQL: %w", err)
	}
	all, err := migrations.Status(ctx, url)
	if err != nil {
		return nil, err
	}
	for _, migration := range all {
		if !migration.AppliedAt.IsZero() {
			m.Schema = max(m.Schema, migration.Version)
		}
	}
	for _, c := range counted {
		var rows int64
		if err := db.QueryRow(ctx, "SELECT count(*) FROM "+pgx.Identifier{c.table}.Sanitize()).Scan(&rows); err != nil {
			return nil, fmt.Errorf("count the %s: %w", c.word, err)
		}
		m.Rows[c.word] = rows
	}
	return m, nil
}

// contents describes a manifest in a few words.
func contents(m *backup.Manifest) string {
	var bytes int64
	for _, part := range m.Parts {
		bytes += part.Bytes
	}
	var words []string
	for _, c := range counted {
		words = append(words, fmt.Sprintf("%s %d", c.word, m.Rows[c.word]))
	}
	return fmt.Sprintf("%s (%.1f MB of PostgreSQL %d, schema %d)", strings.Join(words, ", "), float64(bytes)/1e6, m.Postgres, m.Schema)
}
