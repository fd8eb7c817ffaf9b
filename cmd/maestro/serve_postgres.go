package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"

	"maestro/cpython/kit"
	"maestro/internal/config"
	"maestro/internal/postgres"
)

// startPostgres starts the embedded PostgreSQL.
func (a *app) startPostgres(ctx context.Context, cfg *config.Config, log *slog.Logger) (*postgres.Server, error) {
	return postgres.Start(ctx, postgres.Options{
		DataDir: cfg.DataDir, BinDir: cfg.PGBin, Progress: a.progress, Log: log,
		Pip: func(ctx context.Context, args ...string) error { return runPip(ctx, cfg, args) },
	})
}

// runPip runs the carried pip in the carried Python, which is unpacked first.
func runPip(ctx context.Context, cfg *config.Config, args []string) error {
	home, err := pythonHome(ctx, cfg, false, func(string) {}) // the server tells of its progress
	if err != nil {
		return err
	}
	pip, err := kit.Pip(ctx, cfg.DataDir, home)
	if err != nil {
		return fmt.Errorf("unpack pip into the data folder: %w", err)
	}
	cmd := exec.CommandContext(ctx, kit.Executable(home), append([]string{"-m", "pip"}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+pip, "PIP_DISABLE_PIP_VERSION_CHECK=1")
	cmd.Env = append(cmd.Env, cfg.PipVariables...)
	if cfg.PipIndexURL != "" {
		cmd.Env = append(cmd.Env, "PIP_INDEX_URL="+string(cfg.PipIndexURL))
	}
	if cfg.PipExtraIndexURL != "" {
		cmd.Env = append(cmd.Env, "PIP_EXTRA_INDEX_URL="+string(cfg.PipExtraIndexURL))
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pip %s: %w: %.500s", args[0], err, text)
	}
	return nil
}
