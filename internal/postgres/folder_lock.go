package postgres

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrInUse says that another Maestro runs its server in the same data folder.
var ErrInUse = errors.New("stop that one, or set DATA_DIR to another folder")

// lockFolder keeps a second Maestro away from the cluster for as long as the
// returned file is open. The kernel lets go when this process ends, however it
// ends; the child does not inherit it.
func lockFolder(home string) (*os.File, error) {
	path := filepath.Join(home, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := io.ReadAll(io.LimitReader(file, 20))
		_ = file.Close()
		return nil, fmt.Errorf("the data folder %s is in use by another Maestro (process %s): %w",
			filepath.Dir(home), strings.TrimSpace(string(holder)), ErrInUse)
	}
	if err == nil {
		err = file.Truncate(0)
	}
	if err == nil {
		_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return file, nil
}
