package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"maestro/cpython"
	"maestro/cpython/kit"
	"maestro/embed"
	"maestro/internal/config"
	"maestro/internal/model"
	"maestro/internal/service"
)

// pythonHome returns the folder of Python, which is unpacked first if it is the
// carried one. Several processes may ask at once.
func pythonHome(ctx context.Context, cfg *config.Config, progress func(string)) (string, error) {
	if home := cfg.PythonHome; home != "" {
		if err := kit.Check(home); err != nil {
			return "", fmt.Errorf("MAESTRO_PYTHON_HOME %s is not a usable Python 3.14, unset it to use the bundled one: %w", home, err)
		}
		return home, nil
	}
	home, err := kit.Ensure(ctx, cfg.DataDir, progress)
	if err != nil {
		return "", fmt.Errorf("unpack Python into the data folder: %w", err)
	}
	return home, nil
}

// startPython unpacks Python and makes its host.
func (p *parts) startPython(ctx context.Context, progress func(string), stops *service.Stack) error {
	home, err := pythonHome(ctx, p.cfg, progress)
	if err != nil {
		return err
	}
	p.home = home
	rails, err := p.makeRails(ctx)
	if err != nil {
		return err
	}
	lane, err := embed.New(embed.Options{
		Home:       home,
		MaxThreads: p.cfg.MaxThreads,
		IdleAfter:  p.cfg.InterpreterIdle,
		OnStuckCap: func() { p.endSoon(errors.New("too many Python threads were stuck")) },
		OnTenantLog: func(tenant string, line model.LogLine) {
			p.log.Info("output of no execution", slog.String("tenant", tenant), slog.String("text", p.secrets.Mask(tenant).Text(line.Text)))
		},
		Rails: rails,
		Log:   p.log,
	})
	if err != nil {
		return err
	}
	p.lane = lane
	// It waits for code that computes without a stop.
	stops.Push("python", stopTime, p.endPython)
	return lane.Start(ctx)
}

func (p *parts) endPython(ctx context.Context) error {
	err := p.lane.Close(ctx)
	if counters := cpython.Counters(); len(counters) > 0 {
		p.log.Info("counters of the C border", slog.Int64("interpreters", counters["interpreters"]),
			slog.Int64("thread_states", counters["thread_states"]), slog.Int64("handles", counters["handles"]), slog.Int64("buffers", counters["buffers"]))
	}
	return err
}
