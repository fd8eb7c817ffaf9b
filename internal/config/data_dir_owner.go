package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// checkOwner reports a data folder that the server can't write to. Volumes are
// often made by root, and the container runs as a user of its own.
func checkOwner(path string, uid int) error {
	probe, err := os.CreateTemp(path, ".probe-*")
	if err == nil {
		return errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return ownerFault(path, uid)
}

// ownerFault is the line for a folder that belongs to another user than uid.
func ownerFault(path string, uid int) error {
	owner := "another user"
	if info, err := os.Stat(path); err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			owner = fmt.Sprintf("uid %d", stat.Uid)
		}
	}
	return fmt.Errorf("it belongs to %s and the server runs as uid %d, which may not write there: run `chown -R %d %s` as root", owner, uid, uid, filepath.Clean(path))
}
