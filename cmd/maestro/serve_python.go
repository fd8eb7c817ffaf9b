package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"maestro/cpython"
	"maestro/cpython/kit"
	"maestro/embed"
	"maestro/internal/config"
	"maestro/internal/service"
	"maestro/lane"
	"maestro/lane/confine"
)

// pythonHome returns the folder of the Python that runs functions: the one of
// MAESTRO_PYTHON_HOME, examined, or the bundled one, which is unpacked first. Its
// path has no symbolic links, because the rails compare resolved paths.
// Several processes may ask at once. A known one has been examined by this
// server's predecessor, and is not run again for it.
func pythonHome(ctx context.Context, cfg *config.Config, known bool, progress func(string)) (string, error) {
	home := cfg.PythonHome
	if home == "" {
		home, err := kit.Ensure(ctx, cfg.DataDir, progress)
		if err != nil {
			return "", fmt.Errorf("unpack Python into the data folder: %w", err)
		}
		return filepath.EvalSymlinks(home)
	}
	err := kit.Check(home)
	if err == nil && !known {
		_, err = kit.Examine(ctx, home)
	}
	if err != nil {
		return "", fmt.Errorf("MAESTRO_PYTHON_HOME %s is not a usable Python 3.14, unset it to use the bundled one: %w", home, err)
	}
	return filepath.EvalSymlinks(home)
}

// startPython unpacks Python and makes its host.
func (p *parts) startPython(ctx context.Context, progress func(string), stops *service.Stack) error {
	home, err := pythonHome(ctx, p.cfg, p.around.restarts > 0, progress)
	if err != nil {
		return err
	}
	if err := kit.Compile(ctx, home, progress); err != nil {
		p.log.Warn("the Python of MAESTRO_PYTHON_HOME stays without byte code", slog.Any("error", err))
	}
	if p.pip, err = kit.Pip(ctx, p.cfg.DataDir, home); err != nil {
		return fmt.Errorf("unpack pip into the data folder: %w", err)
	}
	p.home = home
	rails, err := p.makeRails(ctx)
	if err != nil {
		return err
	}
	p.reach = confine.Destinations{Deny: rails.Networks, Services: rails.Services, Port: uint16(rails.Port)}
	if !cpython.ChildrenConfined() {
		p.log.Warn("this kernel has no Landlock: child processes of functions may do what the server's user may")
	}
	embedded, err := embed.New(embed.Options{
		Home:         home,
		Marker:       p.journal.MarkerPath(),
		MaxThreads:   p.cfg.MaxThreads,
		IdleAfter:    p.cfg.InterpreterIdle,
		MaxMemory:    p.cfg.MaxFunctionMemory,
		MemoryBudget: cmp.Or(p.cfg.MaxInterpreterMemory, machineMemory("/")/2),
		MaxValue:     p.cfg.MaxValueBytes,
		CodeThreads:  p.cfg.MaxFunctionThreads,
		Descriptors:  p.cfg.MaxFunctionDescriptors,
		OnTenantLog:  p.logOutsideCalls,
		KeepLeft:     p.cfg.KeepBackgroundWork,
		Rails:        rails,
		Log:          p.log,
	})
	if err != nil {
		return err
	}
	children, err := p.makeChildren(home, rails)
	if err != nil {
		return err
	}
	p.lane = lane.New(embedded, children)
	// It waits for code that computes without a stop.
	stops.Push("python", stopTime, p.endPython)
	if err := p.lane.Start(ctx); err != nil {
		return err
	}
	p.log.Info("Python is loaded", slog.String("version", pythonVersion()), slog.String("home", home), slog.Bool("bundled", p.cfg.PythonHome == ""))
	return nil
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
