package backup

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// leftAfter is how old a folder is that no process holds any more. A younger one may be
// about to be held.
const leftAfter = time.Minute

// Folder holds the files of one backup or restore: the key, and the database. Remove it.
type Folder struct {
	Path string
	held *os.File // its lock ends with the process, however that ends
}

// NewFolder makes a folder in dir, which only this account can enter, with a name that
// begins with prefix. It removes those that processes that were killed have left there.
func NewFolder(dir, prefix string) (*Folder, error) {
	removeLeft(dir, prefix, time.Now().Add(-leftAfter))
	path, err := os.MkdirTemp(dir, prefix)
	if err != nil {
		return nil, err
	}
	held, err := os.Open(path)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	_ = hold(held) // where the file system has no locks, nothing is removed either
	return &Folder{path, held}, nil
}

// Remove removes the folder with all that is in it.
func (f *Folder) Remove() error { return errors.Join(os.RemoveAll(f.Path), f.held.Close()) }

func hold(folder *os.File) error {
	return syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// removeLeft removes the folders in dir that were changed last before a moment and that no
// process holds. What it can't remove is left to the next one.
func removeLeft(dir, prefix string, before time.Time) {
	found, _ := filepath.Glob(filepath.Join(dir, prefix+"*"))
	for _, path := range found {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || info.ModTime().After(before) {
			continue
		}
		folder, err := os.Open(path)
		if err != nil {
			continue
		}
		if hold(folder) == nil {
			_ = os.RemoveAll(path)
		}
		_ = folder.Close()
	}
}
