package kit

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
)

// compileLibrary compiles every module below fresh to byte code with fresh's
// own interpreter. The files state that their source need not be checked
// (unchecked hash), so they stay valid regardless of timestamps, and they name
// the source by its path in home, to which it is moved next.
func compileLibrary(ctx context.Context, fresh, home string) error {
	cmd := exec.CommandContext(ctx, Executable(fresh), "-I", "-B", "-m", "compileall",
		"-q", "-j", "0", "--invalidation-mode", "unchecked-hash",
		"-s", fresh, "-p", home,
		filepath.Join(fresh, "lib", "python3.14"), filepath.Join(fresh, pipFolder))
	cmd.Env = []string{"LC_ALL=C.UTF-8"}
	// compileall has child processes: they end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("compile the library: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// filesByName lists the regular files under dir, by their full names.
func filesByName(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		names = append(names, name)
		return err
	})
	slices.Sort(names)
	return names, err
}
