// Package kit unpacks the Python that is embedded in Maestro's binary into the
// data folder: unpacked once, verified at every start, compiled to byte code.
//
// It must not load Python into this process (package cpython does), must not
// read settings, and must not touch any folder of another version.
package kit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Ensure returns the home of a complete and undamaged kit under
// dataDir/python, and creates it if it does not exist. A warm call only reads
// (a stat for each file), so a data folder that was filled at build time may
// be read-only. Several processes and goroutines may call it at once: one
// unpacks, the others wait for it until ctx ends. A damaged folder is replaced
// by a new one; folders of other versions are not changed.
//
// progress gets a short user-facing line before each slow part; it may be nil.
func Ensure(ctx context.Context, dataDir string, progress func(string)) (home string, err error) {
	if !Carried {
		return "", errors.New("this program has no Python inside for this platform: set MAESTRO_PYTHON_HOME to a Python 3.14")
	}
	if progress == nil {
		progress = func(string) {}
	}
	dataDir, err = filepath.Abs(dataDir)
	if err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	root := filepath.Join(dataDir, "python")
	home = filepath.Join(root, folderName())
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", fmt.Errorf("create the folder for Python: %w", err)
	}
	if err := checkPrograms(root); err != nil {
		return "", err
	}
	if verify(home) == nil {
		return home, nil
	}
	release, err := lock(ctx, filepath.Join(root, ".lock"), func() {
		progress("waiting for another process that unpacks Python")
	})
	if err != nil {
		return "", fmt.Errorf("lock %s: %w", root, err)
	}
	defer release()

	// Another process may have created it while this one waited.
	damage := verify(home)
	if damage == nil {
		return home, nil
	}
	sweep(root)
	if _, err := os.Lstat(home); err == nil {
		progress(fmt.Sprintf("replacing the damaged Python in %s (%v)", home, damage))
	}
	if err := build(ctx, root, home, progress); err != nil {
		return "", fmt.Errorf("unpack Python %s: %w", Version, err)
	}
	return home, nil
}

// PipPath returns the folder that PYTHONPATH must name for `python -m pip` to
// work with the Python in home: the kit's pip is not in site-packages. It is
// empty if home has no such folder, as with a custom Python.
func PipPath(home string) string {
	path := filepath.Join(home, pipFolder)
	if info, err := os.Stat(filepath.Join(path, "pip", "__main__.py")); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return path
}

// Executable returns the interpreter of the Python in home, for children.
func Executable(home string) string { return filepath.Join(home, "bin", "python3") }

// sweep removes the remains in root of processes that died. The caller holds
// the lock, so none of them is in use.
func sweep(root string) {
	left, _ := filepath.Glob(filepath.Join(root, scratchPrefix+"*"))
	for _, path := range left {
		_ = os.RemoveAll(path)
	}
}
