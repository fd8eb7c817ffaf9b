package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// checkOwner reports a data folder, or one in it, that the server can't use. Volumes are
// often made by root, and the container runs as a user of its own; the content is that
// of an earlier user where the server's account was changed.
func checkOwner(path string, uid int) error {
	probe, err := os.CreateTemp(path, ".probe-*")
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("it %w", ownerFault(path, path, uid))
	}
	if err == nil {
		err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil {
		return err
	}
	content, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, item := range content {
		needed := uint32(unix.R_OK)
		switch {
		case item.Name() == "lost+found", item.Name() == "python": // the file system's; one that is there is only read
			continue
		case item.IsDir():
			needed |= unix.W_OK | unix.X_OK
		case !item.Type().IsRegular():
			continue
		}
		if inside := filepath.Join(path, item.Name()); errors.Is(unix.Access(inside, needed), fs.ErrPermission) {
			return fmt.Errorf("%s in it %w", item.Name(), ownerFault(inside, path, uid))
		}
	}
	return nil
}

// ownerFault is the line for a path in the data folder that belongs to another user than uid.
func ownerFault(path, dir string, uid int) error {
	owner := "another user"
	if info, err := os.Stat(path); err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			owner = fmt.Sprintf("uid %d", stat.Uid)
		}
	}
	return fmt.Errorf("belongs to %s and the server runs as uid %d, which may not write there: run `chown -R %d %s` as root", owner, uid, uid, filepath.Clean(dir))
}
