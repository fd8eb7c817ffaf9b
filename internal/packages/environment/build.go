package environment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"maestro/internal/model"
)

// lockFile states the content of an environment's folder. Python does not read
// it.
const lockFile = "maestro-lock.json"

// Build builds an environment's folder, unless it exists already, and returns
// its path. Missing wheels are downloaded. On failure no folder is left.
func (f *Folders) Build(ctx context.Context, env model.Environment, log func(line string)) (string, error) {
	t, err := f.Try(ctx, env, log)
	if err != nil {
		return "", err
	}
	defer t.Drop()
	return t.Keep()
}

// Trial is an environment that is not in its place yet, so that it can be probed first.
type Trial struct {
	Path string // its current place

	f    *Folders
	env  model.Environment
	made bool // must be moved into its place
}

// Try builds an environment's folder in a temporary place. Keep or Drop ends
// the trial.
func (f *Folders) Try(ctx context.Context, env model.Environment, log func(line string)) (*Trial, error) {
	if env.Tenant == "" || strings.ContainsAny(env.Tenant, "/.") {
		return nil, fmt.Errorf("build an environment of %q: no name for a folder", env.Tenant)
	}
	unlock, err := f.busy.lock(ctx, f.place(env))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if path, ok := f.Path(env); ok {
		touch(path) // it may have been unused for long
		return &Trial{Path: path, f: f, env: env}, nil
	}
	if err := f.fetch(ctx, env.Lock, log); err != nil {
		return nil, err
	}
	path, err := f.compose(ctx, env, log)
	if err != nil {
		return nil, err
	}
	return &Trial{Path: path, f: f, env: env, made: true}, nil
}

// Keep moves the folder into its place and returns it.
func (t *Trial) Keep() (string, error) {
	if !t.made {
		return t.Path, nil
	}
	place := t.f.place(t.env)
	touch(t.Path)
	for try := 1; ; try++ {
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			return "", fmt.Errorf("make a subtenant's folder: %w", err)
		}
		err := os.Rename(t.Path, place)
		if errors.Is(err, fs.ErrNotExist) && try < 10 {
			continue // a sweep has just removed the subtenant's empty folder
		}
		if err != nil {
			if _, ok := t.f.Path(t.env); !ok { // no other process was faster
				return "", fmt.Errorf("put packages into their place: %w", err)
			}
			t.Drop()
		}
		t.Path, t.made = place, false
		return place, nil
	}
}

// Drop removes the folder, unless it was kept or existed before.
func (t *Trial) Drop() {
	if t.made {
		t.made = false
		if err := removeAll(t.Path); err != nil {
			t.f.opts.Log.Warn("a folder of packages cannot be removed", slog.String("folder", t.Path), slog.Any("error", err))
		}
	}
}

func touch(path string) {
	now := time.Now()
	_ = os.Chtimes(path, now, now)
}

// fetch downloads the wheels of a lock that the store lacks.
func (f *Folders) fetch(ctx context.Context, lock model.Lock, log func(string)) error {
	all := slices.Clone(lock)
	slices.SortFunc(all, func(a, b model.LockedPackage) int { return strings.Compare(a.SHA256, b.SHA256) })
	missing := map[string]model.LockedPackage{}
	for _, p := range all { // in the same order in every process, against deadlocks
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
	if err := f.opts.Unpack(ctx, missing, f.opts.MaxBytes, f.opts.MaxFiles, log); err != nil {
		return err
	}
	var bytes int64
	files := 0
	for folder, p := range missing { // compiled files come on top of the unpacked ones
		size, number := measure(folder)
		bytes, files = bytes+size, files+number
		f.noteSize(filepath.Base(f.wheel(p)), size)
	}
	if bytes > f.opts.MaxBytes || files > f.opts.MaxFiles {
		return f.errTooMuch()
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

// hasWheel reports whether a wheel is in the store, and notes its use.
func (f *Folders) hasWheel(p model.LockedPackage) bool {
	f.store.RLock()
	defer f.store.RUnlock()
	now := time.Now()
	return os.Chtimes(f.wheel(p), now, now) == nil
}

// flush writes the data to disk: a rename that survives a power failure must
// not show files that did not.
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

// errTooMuch reports that packages are too large for an environment.
func (f *Folders) errTooMuch() error {
	return model.NewError(model.CodePackageInstallFailed,
		"The packages exceed the limit of a subtenant, which is %d MB and %d files. Nothing was changed.", f.opts.MaxBytes>>20, f.opts.MaxFiles)
}

// compose copies the wheels of an environment into one folder.
func (f *Folders) compose(ctx context.Context, env model.Environment, log func(string)) (folder string, err error) {
	folder, err = os.MkdirTemp(f.temp, "environment-")
	if err != nil {
		return "", fmt.Errorf("make a folder for packages: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(folder)
		}
	}()
	c := copier{to: folder, from: map[string]string{}, bytes: f.opts.MaxBytes, files: f.opts.MaxFiles, log: log}
	for _, p := range env.Lock {
		err := c.add(ctx, f.wheel(p), p.Name)
		var clash *clashError
		switch {
		case errors.Is(err, errTooLarge):
			return "", f.errTooMuch()
		case errors.As(err, &clash):
			return "", model.NewError(model.CodePackageInstallFailed, "%s Nothing was changed.", clash.Error())
		case err != nil:
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
	if err := os.Chmod(folder, 0o755); err != nil {
		return "", fmt.Errorf("make a folder for packages: %w", err)
	}
	return folder, nil
}
