package environment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"maestro/internal/model"
)

// lockFile says in an environment's folder what it holds. Python does not look
// at it.
const lockFile = "maestro-lock.json"

// Build makes an environment's folder, unless it stands already, and returns
// its path. Wheels that are not here yet are fetched. When it fails there is
// nothing.
func (f *Folders) Build(ctx context.Context, env model.Environment, log func(line string)) (string, error) {
	if env.Tenant == "" || strings.ContainsAny(env.Tenant, "/.") {
		return "", fmt.Errorf("build an environment of %q: no name for a folder", env.Tenant)
	}
	unlock, err := f.busy.lock(ctx, f.place(env))
	if err != nil {
		return "", err
	}
	defer unlock()
	if path, ok := f.Path(env); ok {
		return path, nil
	}
	if err := f.fetch(ctx, env.Lock, log); err != nil {
		return "", err
	}
	return f.compose(ctx, env, log)
}

// fetch makes sure that all wheels of a lock are in the store.
func (f *Folders) fetch(ctx context.Context, lock model.Lock, log func(string)) error {
	all := slices.Clone(lock)
	slices.SortFunc(all, func(a, b model.LockedPackage) int { return strings.Compare(a.SHA256, b.SHA256) })
	missing := map[string]model.LockedPackage{}
	for _, p := range all { // in one order, so that nobody waits for each other
		if f.hasWheel(p) {
			continue
		}
		unlock, err := f.busy.lock(ctx, p.SHA256)
		if err != nil {
			return err
		}
		defer unlock()
		if f.hasWheel(p) {
			continue
		}
		folder, err := os.MkdirTemp(f.temp, "wheel-")
		if err != nil {
			return fmt.Errorf("make a folder for a wheel: %w", err)
		}
		defer func() { _ = os.RemoveAll(folder) }()
		missing[folder] = p
	}
	if len(missing) == 0 {
		return nil
	}
	if err := f.opts.Unpack(ctx, missing, log); err != nil {
		return err
	}
	if err := f.flush(); err != nil {
		return err
	}
	for folder, p := range missing {
		if err := os.Chmod(folder, 0o755); err != nil {
			return fmt.Errorf("store a wheel: %w", err)
		}
		if err := os.Rename(folder, f.wheel(p)); err != nil && !f.hasWheel(p) {
			return fmt.Errorf("store a wheel: %w", err)
		}
	}
	return nil
}

// hasWheel reports whether a wheel is in the store, and notes that it is used.
func (f *Folders) hasWheel(p model.LockedPackage) bool {
	now := time.Now()
	return os.Chtimes(f.wheel(p), now, now) == nil
}

// flush has the disk hold what was written: a rename that outlives a power
// failure must not show files that don't.
func (f *Folders) flush() error {
	dir, err := os.Open(f.temp)
	if err != nil {
		return fmt.Errorf("flush packages to disk: %w", err)
	}
	defer func() { _ = dir.Close() }()
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		return fmt.Errorf("flush packages to disk: %w", err)
	}
	return nil
}

// compose copies the wheels of an environment into one folder.
func (f *Folders) compose(ctx context.Context, env model.Environment, log func(string)) (string, error) {
	folder, err := os.MkdirTemp(f.temp, "environment-")
	if err != nil {
		return "", fmt.Errorf("make a folder for packages: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	c := copier{to: folder, from: map[string]string{}, bytes: f.opts.MaxBytes, files: f.opts.MaxFiles, log: log}
	for _, p := range env.Lock {
		if err := c.add(ctx, f.wheel(p), p.Name); err != nil {
			if errors.Is(err, errTooLarge) {
				return "", model.NewError(model.CodePackageInstallFailed,
					"The packages are larger than a subtenant's may be, which is %d MB and %d files. Nothing was changed.", f.opts.MaxBytes>>20, f.opts.MaxFiles)
			}
			return "", fmt.Errorf("copy %s: %w", p.Name, err)
		}
	}
	text, err := json.MarshalIndent(env.Lock, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, lockFile), append(text, '\n'), 0o644)
	}
	if err != nil {
		return "", fmt.Errorf("write a lock: %w", err)
	}
	if err := f.flush(); err != nil {
		return "", err
	}
	place := f.place(env)
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return "", fmt.Errorf("make a subtenant's folder: %w", err)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		return "", fmt.Errorf("make a folder for packages: %w", err)
	}
	if err := os.Rename(folder, place); err != nil {
		if _, ok := f.Path(env); !ok { // another process was not faster
			return "", fmt.Errorf("put packages into their place: %w", err)
		}
	}
	return place, nil
}
