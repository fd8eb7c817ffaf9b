package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"maestro/internal/config"
	"maestro/internal/doctor"
)

func (a *app) doctorCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor [--json]",
		Short: "check what the server needs, and say what to do",
		Long: `Checks the settings, the data folder, the machine, Python, pip, the database,
Redis, the address, and a server that runs with these settings. Each finding that
is not ok says what to do. The exit status is 1 if the server could not do its work.

Nothing is changed, except that Python is unpacked and an embedded database is made,
as at the first start of the server.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := []doctor.Finding{}
			show := func(findings []doctor.Finding) {
				all = append(all, findings...)
				if !asJSON {
					_ = doctor.Write(a.stdout, findings) // a closed pipe ends the reading, not the checks
				}
			}
			healthy := false
			_ = untilStopped(cmd.Context(), func(ctx context.Context) error {
				healthy = a.examine(ctx, show)
				return nil
			})
			if asJSON {
				encoder := json.NewEncoder(a.stdout)
				encoder.SetIndent("", "  ")
				if err := encoder.Encode(map[string]any{"healthy": healthy, "findings": all}); err != nil {
					return fmt.Errorf("write the findings: %w", err)
				}
			}
			if !healthy {
				return errors.New("the server cannot do its work here: see the findings that are marked failed")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the findings as JSON")
	return cmd
}

// examine makes the checks, and reports whether none has failed. Without settings
// there is nothing else to check.
func (a *app) examine(ctx context.Context, show func([]doctor.Finding)) (healthy bool) {
	var cfg *config.Config
	settings := doctor.Check{Name: "settings", Examine: func(_ context.Context, r *doctor.Report) {
		found, warnings, err := config.Load(os.Environ(), ".")
		for _, warning := range warnings {
			r.Warn("Correct it in the environment or in .env.", "%s", warning)
		}
		var faults config.Faults
		switch {
		case errors.As(err, &faults):
			for _, fault := range faults {
				r.Fail("Correct it in the environment or in .env; .env.example explains each setting.", "%s", fault)
			}
		case err != nil:
			r.Fail("Correct it in the environment or in .env.", "%v", err)
		default:
			cfg = found
			r.OK("%s mode, data folder %s", cfg.AuthMode(), cfg.DataDir)
		}
	}}
	if !doctor.Run(ctx, []doctor.Check{settings}, show) {
		return false
	}
	d := &examination{cfg: cfg, progress: a.stderr}
	return doctor.Run(ctx, []doctor.Check{
		{Name: "data folder", Examine: d.dataFolder},
		{Name: "machine", Examine: d.machine},
		{Name: "confinement", Examine: d.confinement, Patience: 30 * time.Second},
		{Name: "python", Examine: d.python, Patience: 2 * time.Minute},
		{Name: "packages", Examine: d.packages, Patience: time.Minute},
		{Name: "database", Examine: d.database, Patience: 2 * time.Minute},
		{Name: "redis", Examine: d.redis},
		{Name: "census", Examine: d.census},
		{Name: "address", Examine: d.address},
		{Name: "server", Examine: d.server},
	}, show)
}

// examination is what the checks of one run share.
type examination struct {
	cfg      *config.Config
	progress io.Writer // for what takes long

	usable bool   // the data folder
	home   string // of Python; empty: there is none
	inUse  bool   // a server uses the data folder
}
