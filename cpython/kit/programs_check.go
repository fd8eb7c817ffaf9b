package kit

import (
	"errors"

	"golang.org/x/sys/unix"
)

// checkPrograms refuses a folder on a file system that runs no programs, of which the
// system says "permission denied" only.
func checkPrograms(path string) error {
	var system unix.Statfs_t
	if err := unix.Statfs(path, &system); err != nil {
		return err
	}
	if system.Flags&unix.ST_NOEXEC != 0 {
		return errors.New("its file system is mounted noexec, and Python runs from there: mount it with exec, or set DATA_DIR to a folder on another one")
	}
	return nil
}
