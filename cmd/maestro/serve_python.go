package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"maestro/cpython"
	"maestro/cpython/kit"
	"maestro/embed"
	"maestro/internal/model"
	"maestro/internal/service"
)

// startPython unpacks Python, says where it is, and makes its host.
func (p *parts) startPython(ctx context.Context, progress func(string), found chan<- pythonPlace, stops *service.Stack) error {
	home, err := p.findPython(ctx, progress)
	if err != nil {
		return err
	}
	if p.pip, err = kit.Pip(ctx, p.cfg.DataDir, home); err != nil {
		return fmt.Errorf("unpack pip into the data folder: %w", err)
	}
	p.home = home
	found <- pythonPlace{home: home, pip: p.pip}
	lane, err := embed.New(embed.Options{
		Home:       home,
		MaxThreads: p.cfg.MaxThreads,
		IdleAfter:  p.cfg.InterpreterIdle,
		OnStuckCap: func() { p.endSoon(errors.New("too many Python threads were stuck")) },
		OnTenantLog: func(tenant string, line model.LogLine) {
			p.log.Info("output of no execution", slog.String("tenant", tenant), slog.String("text", p.secrets.Mask(tenant).Text(line.Text)))
		},
		Log: p.log,
	})
	if err != nil {
		return err
	}
	p.lane = lane
	// It waits for code that computes without a stop.
	stops.Push("python", stopTime, p.endPython)
	if err := lane.Start(ctx); err != nil {
		return err
	}
	p.log.Info("Python is loaded", slog.String("version", pythonVersion()), slog.String("home", home), slog.Bool("bundled", p.cfg.PythonHome == ""))
	return nil
}

// pythonPlace is where a Python and its pip are.
type pythonPlace struct{ home, pip string }

// findPython returns the home of the Python that runs functions: the one of
// MAESTRO_PYTHON_HOME, examined, or the bundled one, unpacked.
func (p *parts) findPython(ctx context.Context, progress func(string)) (string, error) {
	home := p.cfg.PythonHome
	if home == "" {
		home, err := kit.Ensure(ctx, p.cfg.DataDir, progress)
		if err != nil {
			return "", fmt.Errorf("unpack Python into the data folder: %w", err)
		}
		return home, nil
	}
	if _, err := kit.Examine(ctx, home); err != nil {
		return "", fmt.Errorf("MAESTRO_PYTHON_HOME %s is not a usable Python 3.14, unset it to use the bundled one: %w", home, err)
	}
	if err := kit.Compile(ctx, home, progress); err != nil {
		p.log.Warn("the Python of MAESTRO_PYTHON_HOME stays without byte code", slog.Any("error", err))
	}
	return home, nil
}

// pythonVersion is the loaded Python's version without its build: "3.14.6".
func pythonVersion() string {
	version, _, _ := strings.Cut(cpython.Version(), " ")
	return version
}

func (p *parts) endPython(ctx context.Context) error {
	err := p.lane.Close(ctx)
	if counters := cpython.Counters(); len(counters) > 0 {
		p.log.Info("counters of the C border", slog.Int64("interpreters", counters["interpreters"]),
			slog.Int64("thread_states", counters["thread_states"]), slog.Int64("handles", counters["handles"]), slog.Int64("buffers", counters["buffers"]))
	}
	return err
}
