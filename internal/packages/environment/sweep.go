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
	// youngFor is how long a new folder is kept: an install may have built it
	// and not committed yet.
	youngFor = 15 * time.Minute
	// wheelsFor is how long a wheel is kept that no environment here uses.
	wheelsFor = 7 * 24 * time.Hour
)

func isYoung(path string) bool {
	info, err := os.Stat(path)
	return err == nil && time.Since(info.ModTime()) < youngFor
}

// Sweep removes the environments that keep does not return, wheels that are
// unused for long or exceed the limit, and pip's cache when it is too large. It
// is called periodically.
func (f *Folders) Sweep(keep func(tenant, path string) bool) {
	used := map[string]bool{}
	for _, tenant := range readDir(filepath.Join(f.opts.Dir, "environments")) {
		folder := filepath.Join(f.opts.Dir, "environments", tenant.Name())
		for _, entry := range readDir(folder) {
			path := filepath.Join(folder, entry.Name())
			if isYoung(path) || keep(tenant.Name(), path) {
				noteWheels(path, used)
				continue
			}
			f.remove(path)
		}
		_ = os.Remove(folder) // if it is empty
	}
	f.sweepWheels(used)
	if f.opts.Cache != "" {
		if size, _ := measure(f.opts.Cache); size > f.opts.MaxCache {
			f.opts.Log.Info("emptying pip's cache", slog.Int64("bytes", size))
			f.remove(f.opts.Cache) // pip makes it again
		}
	}
}

// noteWheels adds those that an environment was copied from.
func noteWheels(path string, used map[string]bool) {
	var lock model.Lock
	text, err := os.ReadFile(filepath.Join(path, lockFile))
	if err != nil || json.Unmarshal(text, &lock) != nil {
		return // its subtenant has overwritten it: its wheels are downloaded again if needed
	}
	for _, p := range lock {
		used[p.SHA256] = true
	}
}

// Forget removes all folders of a subtenant on this server.
func (f *Folders) Forget(tenant string) {
	f.remove(filepath.Join(f.opts.Dir, "environments", tenant))
}
