package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"maestro/internal/config"
	"maestro/internal/postgres"
	"maestro/migrations"
)

var migrateUpCommand = subcommand{
	name:    "migrate up",
	summary: "bring the database's schema up to date",
	help: `Applies the migrations that the database does not have yet. The server does so
by itself at its start; of several at once, one migrates and the others wait.`,
	prepare: func(*flag.FlagSet) action {
		return onDatabase(func(ctx context.Context, url string, con console) error {
			applied, err := migrations.Up(ctx, url)
			if err != nil {
				return err
			}
			for _, m := range applied {
				fmt.Fprintf(con.stdout, "applied %s\n", m.Name)
			}
			if len(applied) == 0 {
				fmt.Fprintln(con.stdout, "the database is up to date")
			}
			return nil
		})
	},
}

var migrateStatusCommand = subcommand{
	name:    "migrate status",
	summary: "list the migrations, and which of them the database has",
	help:    "Lists every migration that this program knows, and when the database got it.",
	prepare: func(*flag.FlagSet) action {
		return onDatabase(func(ctx context.Context, url string, con console) error {
			all, err := migrations.Status(ctx, url)
			if err != nil {
				return err
			}
			for _, m := range all {
				state := "pending"
				if !m.AppliedAt.IsZero() {
					state = "applied " + m.AppliedAt.UTC().Format(time.RFC3339)
				}
				fmt.Fprintf(con.stdout, "%-40s %s\n", m.Name, state)
			}
			return nil
		})
	},
}

// onDatabase runs do with the address of the settings' database; the embedded
// one is started for it, and stopped afterwards.
func onDatabase(do func(ctx context.Context, url string, con console) error) action {
	return func(ctx context.Context, con console) error {
		cfg, err := settings(con)
		if err != nil {
			return err
		}
		if cfg.DatabaseURL != "" {
			err := do(ctx, string(cfg.DatabaseURL), con)
			if errors.As(err, new(*pgconn.ConnectError)) {
				return unusableDatabase(err)
			}
			return err
		}
		return onEmbedded(ctx, cfg, con.stderr, func(url string) error { return do(ctx, url, con) })
	}
}

func onEmbedded(ctx context.Context, cfg *config.Config, progress io.Writer, do func(url string) error) error {
	if err := cfg.Prepare(); err != nil {
		return err
	}
	server, err := postgres.Start(ctx, postgres.Options{
		DataDir:  cfg.DataDir,
		BinDir:   cfg.PGBin,
		Progress: func(line string) { fmt.Fprintln(progress, line) },
		Log:      slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	err = do(server.URL())
	if stopped := server.Stop(ctx); err == nil {
		err = stopped
	}
	return err
}
