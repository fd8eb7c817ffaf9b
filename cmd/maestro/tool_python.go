package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"maestro/cpython/kit"
	"maestro/internal/config"
)

// toolPython returns the Python of commands that work on a folder without a server, and
// the folder in which they keep what they have made.
func (a *app) toolPython(ctx context.Context) (home, cache string, err error) {
	if cache, err = cacheFolder(); err != nil {
		return "", "", err
	}
	cfg := &config.Config{DataDir: cache, PythonHome: a.env("MAESTRO_PYTHON_HOME")}
	progress := func(line string) { fmt.Fprintln(a.stderr, line) }
	if home, err = pythonHome(ctx, cfg, false, progress); err != nil {
		return "", "", err
	}
	return home, cache, kit.Compile(ctx, home, progress)
}

// toolPip returns the pip that goes with it.
func toolPip(ctx context.Context, cache, home string) (string, error) {
	pip, err := kit.Pip(ctx, cache, home)
	if err != nil {
		return "", fmt.Errorf("unpack pip into %s: %w", cache, err)
	}
	return pip, nil
}

// cacheFolder is the folder of the user that may be deleted at any time.
func cacheFolder() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", errors.New("find the folder for caches: neither XDG_CACHE_HOME nor HOME is set; set one of them")
	}
	return filepath.Join(dir, "maestro"), nil
}
