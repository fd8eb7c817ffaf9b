package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"maestro/cpython/kit"
	"maestro/embed"
	"maestro/internal/backoff"
	"maestro/internal/config"
	"maestro/internal/model"
	"maestro/internal/packages"
	"maestro/internal/packages/environment"
	"maestro/internal/packages/pip"
	"maestro/internal/packages/probe"
	"maestro/internal/service"
)

// sweepEvery is the time between two looks for folders of packages that are no
// longer used.
const sweepEvery = 5 * time.Minute

// startPackages makes what installs packages. Nothing is installed yet, and
// the leftovers of a killed server are removed.
func (p *parts) startPackages(ctx context.Context) error {
	if err := p.db.FailLostInstalls(ctx); err != nil { // those of this server's predecessor
		return err
	}
	folder := filepath.Join(p.cfg.DataDir, "packages")
	cache := filepath.Join(folder, "cache")
	if err := os.RemoveAll(filepath.Join(folder, "pip")); err != nil { // where an older server worked
		p.log.Warn("an old folder can't be removed", slog.Any("error", err))
	}
	var runner *pip.Runner
	folders, err := environment.Open(environment.Options{
		Dir: folder, Platform: platform(), Cache: cache, Log: p.log,
		Unpack: func(ctx context.Context, folders map[string]model.LockedPackage, maxBytes int64, maxFiles int, log func(string)) error {
			return runner.Unpack(ctx, folders, maxBytes, maxFiles, log)
		},
	})
	if err != nil {
		return err
	}
	p.folders = folders
	p.stops.Push("package folders", 0, func(context.Context) error { return folders.Close() })
	runner = newPip(p.cfg, p.home, p.pip, cache, folders.TempDir())
	// The file that runs now: an upgrade puts another one in its place.
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("open the server's own program: %w", err)
	}
	probing := probe.Options{
		Command: []string{os.Args[0], probeName}, Program: self, Python: kit.Executable(p.home), Home: p.home, TempDir: folders.TempDir(),
	}
	alone := probing
	alone.Command, alone.Program, alone.Guarded = []string{probing.Python, "-I", "-c", embed.ProbeMain}, nil, true
	p.packages = packages.New(packages.Options{
		DB: p.db, Events: p.events, Server: p.id, Log: p.log,
		DefaultLane: p.cfg.DefaultLane, Forbidden: !p.cfg.AllowPackageInstallation, Allowed: p.cfg.PackageAllowList,
		Changed: func(tenant string) { p.engine.PackagesChanged(tenant) },
		Workshop: packages.Workshop{Pip: runner, Folders: folders, Probe: func(ctx context.Context, in probe.Interpreter, path string, modules []probe.Module) ([]probe.Finding, error) {
			if in == probe.Main {
				return probe.Run(ctx, alone, path, modules)
			}
			return probe.Run(ctx, probing, path, modules)
		}},
	})
	// An install under way is stopped, and changes nothing.
	p.stops.Push("packages", stopTime, p.packages.Close)
	return nil
}

// newPip makes what runs the pip in the folder path, with the Python of home.
func newPip(cfg *config.Config, home, path, cache, temporary string) *pip.Runner {
	return pip.New(pip.Options{
		Python: kit.Executable(home), PipPath: path, CacheDir: cache, TempDir: temporary,
		IndexURL: string(cfg.PipIndexURL), ExtraIndexURL: string(cfg.PipExtraIndexURL), AllowSource: cfg.AllowSourceBuilds,
		Environ: append(os.Environ(), cfg.PipVariables...),
	})
}

// platform is what packages that are unpacked are for: modules in C and those
// that are compiled belong to one minor version of Python.
func platform() string {
	major, rest, _ := strings.Cut(kit.Version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	return "cp" + major + minor + "-" + runtime.GOARCH
}

// startSweeping begins to look after the folders.
func (p *parts) startSweeping(ctx context.Context) error {
	p.sweepHomes(ctx)
	return startService(ctx, &p.stops, "sweeping", service.NewLoop(service.Hooks{Run: func(ctx context.Context) {
		for backoff.Sleep(ctx, sweepEvery) {
			p.sweepPackages(ctx)
			p.sweepHomes(ctx)
		}
	}}))
}

// sweepPackages removes the folders that no run imports from any more.
func (p *parts) sweepPackages(ctx context.Context) {
	if err := p.db.FailLostInstalls(ctx); err != nil {
		p.log.Debug("installs whose server is gone can't be ended now", slog.Any("error", err))
	}
	p.engine.LookAfterPackages()
	used := p.engine.SitesInUse() // first: runs go from there to the lane
	for path := range p.lane.SitesInUse() {
		used[path] = true
	}
	p.folders.Sweep(func(tenant, path string) bool {
		if used[path] {
			return true
		}
		env, err := p.db.Environment(ctx, tenant)
		if err != nil {
			return true // perhaps
		}
		current, _ := p.folders.Path(env)
		return current == path
	})
}

// packagesProblem is what /health says of subtenants whose packages could not
// be built here.
func (p *parts) packagesProblem(context.Context) error {
	problems := p.engine.PackagesProblems()
	if len(problems) == 0 {
		return nil
	}
	for _, problem := range problems {
		p.log.Debug("packages can't be built", slog.String("tenant", problem.Tenant), slog.Int("number", problem.Number), slog.String("error", problem.Error))
	}
	return fmt.Errorf("the packages of %d subtenants can't be built on this server at present; the log says why", len(problems))
}
