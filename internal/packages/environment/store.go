package environment

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// measure counts the bytes and files of a folder, folders included.
func measure(folder string) (bytes int64, number int) {
	_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it was there a moment ago
		}
		if path != folder {
			number++
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes, number
}

// sizeOf is the size of a wheel in the store, measured once.
func (f *Folders) sizeOf(name string) int64 {
	f.mu.Lock()
	size, known := f.sizes[name]
	f.mu.Unlock()
	if !known {
		size, _ = measure(filepath.Join(f.opts.Dir, "wheels", name))
		f.noteSize(name, size)
	}
	return size
}

func (f *Folders) noteSize(name string, size int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sizes[name] = size
}

// sweepWheels removes wheels that no environment here uses (used has the
// hashes of the others): those unused for long, and above MaxStore the least
// recently used ones.
func (f *Folders) sweepWheels(used map[string]bool) {
	type wheel struct {
		name string
		last time.Time
		size int64
	}
	var unused []wheel
	var total int64
	for _, entry := range readDir(filepath.Join(f.opts.Dir, "wheels")) {
		info, err := entry.Info()
		if err != nil {
			continue
		}
		w := wheel{entry.Name(), info.ModTime(), f.sizeOf(entry.Name())}
		total += w.size
		if len(w.name) < 64 || !used[w.name[:64]] {
			unused = append(unused, w)
		}
	}
	slices.SortFunc(unused, func(a, b wheel) int { return cmp.Or(a.last.Compare(b.last), cmp.Compare(a.name, b.name)) })
	for _, w := range unused {
		if total <= f.opts.MaxStore && time.Since(w.last) <= wheelsFor {
			break
		}
		if f.removeWheel(w.name, w.last) {
			total -= w.size
		}
	}
}

// removeWheel removes a wheel unless it has been used since, or so recently
// that an install may be copying it.
func (f *Folders) removeWheel(name string, last time.Time) bool {
	f.store.Lock()
	defer f.store.Unlock()
	path := filepath.Join(f.opts.Dir, "wheels", name)
	info, err := os.Stat(path)
	if err != nil || !info.ModTime().Equal(last) || isYoung(path) {
		return false
	}
	f.remove(path)
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.sizes, name)
	return true
}
