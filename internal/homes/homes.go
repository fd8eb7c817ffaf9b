// Package homes keeps the folder of each subtenant on this server's disk: the home directory of its
// functions, with a folder for temporary files in it. It is working space, not storage: another
// server has another one.
//
// It must not decide what functions may do there, and knows neither Python nor the database.
package homes

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

// temporary is the folder in a home that stands for /tmp.
const temporary = "tmp"

// temporaryLife is how long a temporary file is kept that was left when the server ended.
const temporaryLife = 24 * time.Hour

// Homes are the folders of all subtenants. It is safe for concurrent use.
type Homes struct {
	dir string
	log *slog.Logger

	mu    sync.Mutex      // guards ready, and is held while a folder is made or removed
	ready map[string]bool // folders that were made, and whose old temporary files were removed
}

// Home is the folder of one subtenant.
type Home struct{ Folder, Temporary string }

// Open makes the folder of all homes.
func Open(dir string, log *slog.Logger) (*Homes, error) {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, fmt.Errorf("make the folder of the subtenants' files: %w", err)
	}
	return &Homes{dir: dir, log: log, ready: map[string]bool{}}, nil
}

// plain is an id that is used as the name of its folder. Longer ones are
// shortened: the path of a Unix socket below it has at most 107 bytes.
var plain = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$`)

func nameOf(tenant string) string {
	if plain.MatchString(tenant) {
		return tenant
	}
	sum := sha256.Sum256([]byte(tenant))
	return "~" + hex.EncodeToString(sum[:12])
}

// Of returns the home of a subtenant, which is made if need be.
func (h *Homes) Of(tenant string) (Home, error) {
	folder := filepath.Join(h.dir, nameOf(tenant))
	home := Home{Folder: folder, Temporary: filepath.Join(folder, temporary)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ready[folder] && isFolder(home.Temporary) {
		return home, nil
	}
	if err := os.MkdirAll(home.Temporary, 0o700); err != nil {
		return Home{}, fmt.Errorf("make the folder of a subtenant's files: %w", err)
	}
	if !h.ready[folder] {
		h.removeOld(home.Temporary)
	}
	h.ready[folder] = true
	return home, nil
}

// isFolder does not follow links: functions may have put one there.
func isFolder(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

// removeOld removes temporary files that a previous run of the server has left.
func (h *Homes) removeOld(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || time.Since(info.ModTime()) < temporaryLife {
			continue
		}
		if err := removeAll(filepath.Join(folder, entry.Name())); err != nil {
			h.log.Debug("a temporary file of a subtenant cannot be removed", slog.Any("error", err))
		}
	}
}

// Remove removes the home of a deleted subtenant. Code that still runs for it
// may write there meanwhile: what it leaves is removed by Sweep.
func (h *Homes) Remove(tenant string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(filepath.Join(h.dir, nameOf(tenant)))
}

func (h *Homes) remove(folder string) {
	delete(h.ready, folder)
	if err := removeAll(folder); err != nil {
		h.log.Warn("the folder of a deleted subtenant cannot be removed", slog.String("folder", folder), slog.Any("error", err))
	}
}

// Sweep removes the homes of all subtenants but those that list returns. It is
// called after the folders were read: the home of a subtenant that is made
// meanwhile is kept.
func (h *Homes) Sweep(list func() ([]string, error)) error {
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		return fmt.Errorf("read the folder of the subtenants' files: %w", err)
	}
	tenants, err := list()
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, tenant := range tenants {
		keep[nameOf(tenant)] = true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, entry := range entries {
		if !keep[entry.Name()] {
			h.remove(filepath.Join(h.dir, entry.Name()))
		}
	}
	return nil
}
