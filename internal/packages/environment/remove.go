package environment

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// removeAll is os.RemoveAll for folders that a subtenant's code may have
// changed: a folder whose mode denies its owner access is made accessible first.
func removeAll(path string) error {
	err := os.RemoveAll(path)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	_ = filepath.WalkDir(path, func(path string, entry fs.DirEntry, _ error) error {
		if entry != nil && entry.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(path)
}

// readDir is os.ReadDir for a folder whose mode may deny its owner access.
func readDir(path string) []os.DirEntry {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrPermission) && os.Chmod(path, 0o755) == nil {
		entries, _ = os.ReadDir(path)
	}
	return entries
}

// remove renames a folder immediately, and then deletes it.
func (f *Folders) remove(path string) {
	gone, err := os.MkdirTemp(f.temp, "gone-")
	if err == nil {
		to := filepath.Join(gone, "folder")
		if err = os.Rename(path, to); errors.Is(err, fs.ErrPermission) {
			_ = os.Chmod(path, 0o700) // renaming changes its ".." entry
			err = os.Rename(path, to)
		}
		err = errors.Join(err, removeAll(gone))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.opts.Log.Warn("a folder of packages cannot be removed", slog.String("folder", path), slog.Any("error", err))
	}
}
