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

// lockFile says in an environment's folder what it holds. Python does not look
// at it.
const lockFile = "maestro-lock.json"

// Build makes an environment's folder, unless it stands already, and returns
// its path. Wheels that are not here yet are fetched. When it fails there is
// nothing.
func (f *Folders) Build(ctx context.Context, env model.Environment, log func(line string)) (string, error) {
	t, err := f.Try(ctx, env, log)
	if err != nil {
		return "", err
	}
	defer t.Drop()
	return t.Keep()
}

// Trial is an environment that nobody finds yet, so that it can be tried first.
type Trial struct {
	Path string // where it is for now

	f    *Folders
	env  model.Environment
	made bool // and is to be put into its place
}

// Try makes an environment's folder, where only the caller finds it. Keep or
// Drop ends the trial.
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
		touch(path) // it may have stood for long without anyone wanting it
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

// Keep puts the folder into its place and returns it.
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
			continue // a sweep has just found the subtenant's folder empty
		}
		if err != nil {
			if _, ok := t.f.Path(t.env); !ok { // another process was not faster
				return "", fmt.Errorf("put packages into their place: %w", err)
			}
			t.Drop()
		}
		t.Path, t.made = place, false
		return place, nil
	}
}

// Drop removes the folder, unless it has been kept or stood before.
func (t *Trial) Drop() {
	if t.made {
		t.made = false
		if err := removeAll(t.Path); err != nil {
			t.f.opts.Log.Warn("a folder of packages can't be removed", slog.String("folder", t.Path), slog.Any("error", err))
		}
	}
}

func touch(path string) {
	now := time.Now()
	_ = os.Chtimes(path, now, now)
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
	if err := f.opts.Unpack(ctx, missing, f.opts.MaxBytes, f.opts.MaxFiles, log); err != nil {
		return err
	}
	var bytes int64
	files := 0
	for folder, p := range missing { // what is compiled comes on top of what was unpacked
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

// hasWheel reports whether a wheel is in the store, and notes that it is used.
func (f *Folders) hasWheel(p model.LockedPackage) bool {
	f.store.RLock()
	defer f.store.RUnlock()
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

// errTooMuch says that packages are too large for an environment.
func (f *Folders) errTooMuch() error {
	return model.NewError(model.CodePackageInstallFailed,
		"The packages are larger than a subtenant's may be, which is %d MB and %d files. Nothing was changed.", f.opts.MaxBytes>>20, f.opts.MaxFiles)
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
