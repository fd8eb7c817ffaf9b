package postgres

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrDiskFull is the reason when PostgreSQL cannot work because the disk of the data
// folder, or the account's quota on it, has no space left. Another database is no
// remedy: the data are on this disk.
var ErrDiskFull = errors.New("the embedded PostgreSQL has run out of disk space")

// explained says what to do about an error whose cause is a full disk. It returns all
// others as they are.
func (s *Server) explained(err error) error {
	if err == nil || !isDiskFull(err) || errors.Is(err, ErrDiskFull) {
		return err
	}
	free := "the free space is not known"
	var disk unix.Statfs_t
	if unix.Statfs(s.home, &disk) == nil {
		free = fmt.Sprintf("%d MB are free now", disk.Bavail*uint64(disk.Bsize)>>20) //nolint:gosec // a block's size is positive
	}
	return fmt.Errorf("%w: %s for %s. Free some space there, or move DATA_DIR to a larger disk, and start again: %w", ErrDiskFull, free, s.home, err)
}

// fullTexts are how the C library names ENOSPC and EDQUOT, in the locale that PostgreSQL's
// programs are given: of these programs there is only what they print.
var fullTexts = []string{"No space left on device", "Disk quota exceeded"}

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || tellsOfFullDisk(err.Error())
}

func tellsOfFullDisk(text string) bool {
	for _, full := range fullTexts {
		if strings.Contains(text, full) {
			return true
		}
	}
	return false
}
