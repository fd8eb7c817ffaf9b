package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"maestro/internal/alerts"
	"maestro/internal/backup"
	"maestro/internal/config"
	"maestro/internal/postgres"
	"maestro/migrations"
	"maestro/repo"
)

func (a *app) restoreCommand() *cobra.Command {
	var try, isCopy bool
	cmd := &cobra.Command{
		Use:   "restore FILE [--try | --copy]",
		Short: "bring a backup into an empty database",
		Long: `Brings a file of maestro backup into the database of these settings, which must be
empty, and puts its key into the data folder. All of it is restored, or nothing. The
database may be another major version of PostgreSQL than that of the backup, but not
an earlier one.

With --try it is restored into a database of its own, which is removed again: so you
know that the file can be restored.

The server goes on where the backup was made: with pending runs, with schedules, and
with messages about failures that are not older than a day. Start it with --paused to
look at it before. With --copy the server of the backup goes on as well, and this one
must not do the same again: pending runs are cancelled, schedules are switched off, and
messages that wait are given up.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("no file given; see maestro restore --help")
			}
			return atMostOne(nil, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			restore, verb := a.restore, "restored"
			if try {
				restore, verb = a.tryRestore, "restored for trial, and removed again,"
			}
			var done *restoration
			if err := untilStopped(cmd.Context(), func(ctx context.Context) (err error) {
				done, err = restore(ctx, cfg, args[0], isCopy)
				return err
			}); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.stdout, "%s %s: %s\n", verb, args[0], contents(done.manifest))
			if settled := done.settled; err == nil && settled != (repo.Restored{}) {
				_, err = fmt.Fprintf(a.stdout, "messages given up %d, runs cancelled %d, schedules switched off %d\n", settled.Messages, settled.Runs, settled.Schedules)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&try, "try", false, "restore into a database of its own, and remove that again")
	cmd.Flags().BoolVar(&isCopy, "copy", false, "the server of the backup goes on: cancel pending runs, switch schedules off, send no messages that wait")
	return cmd
}

// restoration is what a restore has done.
type restoration struct {
	manifest *backup.Manifest
	settled  repo.Restored
}

// tryRestore restores a backup into a data folder of its own.
func (a *app) tryRestore(ctx context.Context, cfg *config.Config, path string, isCopy bool) (done *restoration, err error) {
	if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil {
		return nil, fmt.Errorf("DATA_DIR %s cannot be used: %w", cfg.DataDir, err)
	}
	own, err := backup.NewFolder(cfg.DataDir, ".restore-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the trial: %w", err)
	}
	defer func() { err = errors.Join(err, own.Remove()) }()
	folder := own.Path
	if err := os.Chmod(folder, 0o711); err != nil { // PostgreSQL's account passes through
		return nil, fmt.Errorf("make a folder for the trial: %w", err)
	}
	// The PostgreSQL that the server has downloaded, if it has.
	programs := filepath.Join(cfg.DataDir, postgres.Programs)
	if _, err := os.Stat(programs); err == nil {
		if err := os.Symlink(programs, filepath.Join(folder, postgres.Programs)); err != nil {
			return nil, fmt.Errorf("make a folder for the trial: %w", err)
		}
	}
	trial := *cfg
	trial.DataDir, trial.DatabaseURL, trial.SecretKey = folder, "", ""
	return a.restore(ctx, &trial, path, isCopy)
}

// restore brings a backup into the database of cfg. Everything that could be in the way is
// examined before anything is changed.
func (a *app) restore(ctx context.Context, cfg *config.Config, path string, isCopy bool) (done *restoration, err error) {
	if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil {
		return nil, fmt.Errorf("DATA_DIR %s cannot be used: %w", cfg.DataDir, err)
	}
	own, err := backup.NewFolder(cfg.DataDir, ".unpack-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the backup's files: %w", err)
	}
	defer func() { _ = own.Remove() }()
	folder := own.Path
	manifest, err := backup.Read(path, folder)
	if err != nil {
		return nil, err
	}
	known, err := newestMigration()
	if err != nil {
		return nil, err
	}
	if manifest.Schema > known {
		return nil, fmt.Errorf("%s was written by a later version of Maestro (%s, schema %d; this one knows %d): restore it with that one", path, manifest.Version, manifest.Schema, known)
	}
	key, err := os.ReadFile(filepath.Join(folder, backup.Key))
	if err != nil {
		return nil, fmt.Errorf("read the backup's key: %w", err)
	}
	if err := cfg.AdoptKey(string(bytes.TrimSpace(key))); err != nil {
		return nil, err
	}
	done = &restoration{manifest: manifest}
	do := func(ctx context.Context, url string) (err error) {
		if err = restoreDatabase(ctx, cfg, url, filepath.Join(folder, backup.Database), manifest); err == nil {
			done.settled, err = settleRestored(ctx, url, manifest, isCopy)
		}
		return err
	}
	if cfg.DatabaseURL != "" {
		return done, do(ctx, string(cfg.DatabaseURL))
	}
	return done, onEmbedded(ctx, cfg, a.stderr, do)
}

func restoreDatabase(ctx context.Context, cfg *config.Config, url, dump string, manifest *backup.Manifest) error {
	db, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	var tables, major int
	if err := db.QueryRow(ctx, `SELECT count(*), current_setting('server_version_num')::int / 10000
		FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace`).Scan(&tables, &major); err != nil {
		return fmt.Errorf("look at the database: %w", err)
	}
	if tables > 0 {
		return fmt.Errorf("the database is not empty (%d tables): set DATA_DIR to a new folder, or DATABASE_URL to an empty database", tables)
	}
	if major < manifest.Postgres {
		return fmt.Errorf("the backup is of PostgreSQL %d, and this database is PostgreSQL %d: restore it into %d or a later one", manifest.Postgres, major, manifest.Postgres)
	}
	tools, err := postgres.FindTools(ctx, cfg.DataDir, cfg.PGBin, max(major, manifest.Postgres))
	if err != nil {
		return err
	}
	if err := tools.Restore(ctx, url, dump); err != nil {
		return err
	}
	restored, err := describe(ctx, url)
	if err != nil {
		return err
	}
	if restored.Schema != manifest.Schema {
		return fmt.Errorf("the restored database has schema %d, and the backup %d", restored.Schema, manifest.Schema)
	}
	manifest.Rows = restored.Rows // counted now: the server may have gone on while the backup was written
	return nil
}

// alertsSchema is the migration that brought messages.
const alertsSchema = 38

// settleRestored keeps the server from repeating what that of the backup has done.
func settleRestored(ctx context.Context, url string, manifest *backup.Manifest, isCopy bool) (settled repo.Restored, err error) {
	if manifest.Schema < alertsSchema { // there are none
		if !isCopy {
			return settled, nil
		}
		if _, err := migrations.Up(ctx, url); err != nil {
			return settled, fmt.Errorf("the backup was restored, but the database can't be migrated for --copy: %w", err)
		}
	}
	db, err := pgx.Connect(ctx, url)
	if err != nil {
		return settled, err
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	settled, err = repo.SettleRestored(ctx, db, time.Now().Add(-alerts.KeepTrying), isCopy)
	if err != nil {
		return settled, fmt.Errorf("the backup was restored, but its messages and runs are as they were; empty the database and restore it again: %w", err)
	}
	return settled, nil
}

// newestMigration is the newest one that this program knows.
func newestMigration() (int64, error) {
	names, err := migrations.Files.ReadDir(".")
	if err != nil {
		return 0, fmt.Errorf("read the list of migrations: %w", err)
	}
	var newest int64
	for _, name := range names {
		var number int64
		if _, err := fmt.Sscanf(name.Name(), "%05d_", &number); err == nil {
			newest = max(newest, number)
		}
	}
	return newest, nil
}
