package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"maestro/cpython/kit"
	"maestro/embed"
	"maestro/internal/doctor"
	"maestro/internal/model"
	"maestro/internal/packages/requirement"
)

// python unpacks Python as the server does, loads it into this process, and has it
// compile a function.
func (d *examination) python(ctx context.Context, r *doctor.Report) {
	if d.lacksFolder(r) {
		return
	}
	home, err := pythonHome(ctx, d.cfg, false, func(line string) { fmt.Fprintln(d.progress, line) })
	if err != nil {
		r.Fail("Set MAESTRO_PYTHON_HOME to a Python 3.14 with a shared library, or unset it; see docs/python.md.", "%v", err)
		return
	}
	if err := compileOne(ctx, home); err != nil {
		r.Fail("Remove the folder: the next start unpacks it anew. If MAESTRO_PYTHON_HOME is set, see docs/python.md.", "the Python in %s cannot be used: %v", home, err)
		return
	}
	d.home = home
	r.OK("Python %s in %s compiles a function", pythonVersion(), home)
}

func compileOne(ctx context.Context, home string) error {
	host, err := embed.New(embed.Options{Home: home, WarmPool: -1})
	if err != nil {
		return err
	}
	if err := host.Start(ctx); err != nil {
		return err
	}
	_, err = host.Compile(ctx, "double", 1, "def double(input):\n    return 2 * input\n")
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if closed := host.Close(ending); err == nil {
		err = closed
	}
	return err
}

// sought is a package that every complete index has, small and with no dependencies.
const sought = "six"

// packages has pip look for a package, as an installation does.
func (d *examination) packages(ctx context.Context, r *doctor.Report) {
	switch {
	case d.home == "":
		r.Skip("Mend Python first.", "not examined: there is no Python to run pip")
		return
	case !d.cfg.AllowPackageInstallation:
		r.OK("no packages are installed (ALLOW_PACKAGE_INSTALLATION)")
		return
	}
	const advice = "Functions run, but no packages are installed. Set PIP_INDEX_URL to an index that this machine reaches, or HTTPS_PROXY; ALLOW_PACKAGE_INSTALLATION=false says that none is wanted."
	lock, err := d.seek(ctx)
	if err != nil {
		r.Warn(advice, "pip finds no packages: %v", err)
		return
	}
	if found := lock.Find(sought); found != nil {
		r.OK("pip finds packages (%s %s)", found.Name, found.Version)
	}
}

func (d *examination) seek(ctx context.Context) (model.Lock, error) {
	path, err := kit.Pip(ctx, d.cfg.DataDir, d.home)
	if err != nil {
		return nil, err
	}
	temporary, err := os.MkdirTemp(d.cfg.DataDir, ".doctor-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for pip: %w", err)
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	wanted, err := requirement.Parse(sought)
	if err != nil {
		return nil, err
	}
	cache := filepath.Join(temporary, "cache")
	return newPip(d.cfg, d.home, path, cache, temporary).Resolve(ctx, []requirement.Requirement{wanted}, nil, func(string) {})
}
