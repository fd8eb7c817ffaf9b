package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"maestro/internal/config"
	"maestro/internal/postgres"
	"maestro/migrations"
)

func (a *app) migrateCommand() *cobra.Command {
	group := &cobra.Command{
		Use:   "migrate",
		Short: "change the database's schema, or look at it",
		Long:  "Brings the database's schema up to date, or lists what it has.",
	}
	group.AddCommand(&cobra.Command{
		Use:   "up",
		Short: "bring the database's schema up to date",
		Long: `Applies the migrations that the database does not have yet. The server does so
by itself at its start; of several at once, one migrates and the others wait.`,
		RunE: a.onDatabase(a.migrateUp),
	}, &cobra.Command{
		Use:   "status",
		Short: "list the migrations, and which of them the database has",
		Long:  "Lists every migration that this program knows, and when the database got it.",
		RunE:  a.onDatabase(a.migrateStatus),
	})
	return group
}

func (a *app) migrateUp(ctx context.Context, url string) error {
	applied, err := migrations.Up(ctx, url)
	if err != nil {
		return err
	}
	for _, m := range applied {
		fmt.Fprintf(a.stdout, "applied %s\n", m.Name)
	}
	if len(applied) == 0 {
		fmt.Fprintln(a.stdout, "the database is up to date")
	}
	return nil
}

func (a *app) migrateStatus(ctx context.Context, url string) error {
	all, err := migrations.Status(ctx, url)
	if err != nil {
		return err
	}
	for _, m := range all {
		state := "pending"
		if !m.AppliedAt.IsZero() {
			state = "applied " + m.AppliedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(a.stdout, "%-40s %s\n", m.Name, state)
	}
	return nil
}

// onDatabase runs do with the address of the settings' database; the embedded
// one is started for it, and stopped afterwards.
func (a *app) onDatabase(do func(ctx context.Context, url string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		cfg, err := a.settings()
		if err != nil {
			return err
		}
		if cfg.DatabaseURL == "" {
			return onEmbedded(cmd.Context(), cfg, a.stderr, do)
		}
		err = do(cmd.Context(), string(cfg.DatabaseURL))
		if errors.As(err, new(*pgconn.ConnectError)) {
			return unusableDatabase(err)
		}
		return err
	}
}

func onEmbedded(ctx context.Context, cfg *config.Config, progress io.Writer, do func(ctx context.Context, url string) error) error {
	if err := cfg.Prepare(); err != nil {
		return err
	}
	server, err := postgres.Start(ctx, postgres.Options{
		DataDir:  cfg.DataDir,
		BinDir:   cfg.PGBin,
		Progress: func(line string) { fmt.Fprintln(progress, line) },
		Log:      slog.New(slog.DiscardHandler),
		Pip:      func(ctx context.Context, args ...string) error { return runPip(ctx, cfg, args) },
	})
	if err != nil {
		return err
	}
	err = do(ctx, server.URL())
	if stopped := server.Stop(ctx); err == nil {
		err = stopped
	}
	return err
}
