package environment

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"maestro/internal/model"
)

const (
	// youngFor is how long a folder is left alone: an install may just have made
	// it and not committed yet.
	youngFor = 15 * time.Minute
	// wheelsFor is how long a wheel is kept that no environment here uses.
	wheelsFor = 7 * 24 * time.Hour
)

func isYoung(path string) bool {
	info, err := os.Stat(path)
	return err == nil && time.Since(info.ModTime()) < youngFor
}

// Sweep removes the environments that keep does not want, and wheels that have
// not been used for long. Call it from time to time.
func (f *Folders) Sweep(keep func(tenant, path string) bool) {
	used := map[string]bool{}
	tenants, _ := os.ReadDir(filepath.Join(f.opts.Dir, "environments"))
	for _, tenant := range tenants {
		folder := filepath.Join(f.opts.Dir, "environments", tenant.Name())
		environments, _ := os.ReadDir(folder)
		for _, entry := range environments {
			path := filepath.Join(folder, entry.Name())
			if isYoung(path) || keep(tenant.Name(), path) {
				noteWheels(path, used)
				continue
			}
			f.remove(path)
		}
		_ = os.Remove(folder) // if it is empty
	}
	wheels, _ := os.ReadDir(filepath.Join(f.opts.Dir, "wheels"))
	for _, wheel := range wheels {
		path := filepath.Join(f.opts.Dir, "wheels", wheel.Name())
		if info, err := wheel.Info(); err == nil && !used[wheel.Name()] && time.Since(info.ModTime()) > wheelsFor {
			f.remove(path)
		}
	}
}

// noteWheels adds those that an environment was copied from.
func noteWheels(path string, used map[string]bool) {
	var lock model.Lock
	text, err := os.ReadFile(filepath.Join(path, lockFile))
	if err != nil || json.Unmarshal(text, &lock) != nil {
		return // its subtenant has written over it: its wheels are fetched again if need be
	}
	for _, p := range lock {
		used[p.SHA256] = true
	}
}

// Forget removes all that a subtenant has here.
func (f *Folders) Forget(tenant string) {
	f.remove(filepath.Join(f.opts.Dir, "environments", tenant))
}

// remove takes a folder out of its place at once, and then away.
func (f *Folders) remove(path string) {
	gone, err := os.MkdirTemp(f.temp, "gone-")
	if err == nil {
		err = os.Rename(path, filepath.Join(gone, "folder"))
	}
	if err == nil {
		err = os.RemoveAll(gone)
	}
	if err != nil && !os.IsNotExist(err) {
		f.opts.Log.Warn("a folder of packages can't be removed", slog.String("folder", path), slog.Any("error", err))
	}
}
