package kit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Pip returns the folder that PYTHONPATH must name for `python -m pip` to work
// with the Python in home. The kit has pip beside it; a Python that this
// program does not carry gets the same pip, unpacked under dataDir/python, so
// that installs do not depend on that Python's own.
func Pip(ctx context.Context, dataDir, home string) (string, error) {
	if path := PipPath(home); path != "" {
		return path, nil
	}
	root, err := filepath.Abs(filepath.Join(dataDir, "python"))
	if err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	own := filepath.Join(root, "pip-"+pipHash[:12])
	if path := PipPath(own); path != "" {
		return path, nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", fmt.Errorf("create the folder for pip: %w", err)
	}
	release, err := lock(ctx, filepath.Join(root, ".lock"), nil)
	if err != nil {
		return "", fmt.Errorf("lock %s: %w", root, err)
	}
	defer release()
	if path := PipPath(own); path != "" { // another process has unpacked it meanwhile
		return path, nil
	}
	scratch, err := os.MkdirTemp(root, scratchPrefix)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	if err := unpackPip(filepath.Join(scratch, pipFolder)); err != nil {
		return "", fmt.Errorf("unpack pip: %w", err)
	}
	if err := os.Chmod(scratch, 0o755); err != nil {
		return "", err
	}
	if err := os.RemoveAll(own); err != nil { // one that lacks files
		return "", err
	}
	if err := os.Rename(scratch, own); err != nil {
		return "", err
	}
	return PipPath(own), nil
}
