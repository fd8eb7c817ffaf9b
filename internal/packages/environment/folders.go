package environment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"maestro/internal/model"
)

// Unpack fetches the packages that are the values and unpacks each into the
// folder that is its key, which is there and empty.
type Unpack func(ctx context.Context, folders map[string]model.LockedPackage, log func(line string)) error

// Options of Folders.
type Options struct {
	Dir      string // for all of it
	Unpack   Unpack
	MaxBytes int64 // that one environment may hold; default 512 MiB
	MaxFiles int   // the same in number; default 50,000
	Log      *slog.Logger
}

// Folders are this server's. They are safe for concurrent use, also by several
// processes on one folder.
type Folders struct {
	opts Options
	temp string   // of this process
	lock *os.File // held as long as temp is in use
	busy keyed
}

// TempDir is where other parts may make what is put into place later.
func (f *Folders) TempDir() string { return f.temp }

// Open makes the folders, and clears away what processes that are no more have
// left. Close it at the end.
func Open(opts Options) (*Folders, error) {
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = 512 << 20
	}
	if opts.MaxFiles <= 0 {
		opts.MaxFiles = 50_000
	}
	f := &Folders{opts: opts}
	for _, name := range []string{"wheels", "environments", "temp"} {
		if err := os.MkdirAll(filepath.Join(opts.Dir, name), 0o755); err != nil {
			return nil, fmt.Errorf("make the folders of packages: %w", err)
		}
	}
	if err := f.clearLeft(); err != nil {
		return nil, err
	}
	var err error
	if f.temp, err = os.MkdirTemp(filepath.Join(opts.Dir, "temp"), strconv.Itoa(os.Getpid())+"-"); err != nil {
		return nil, fmt.Errorf("make the folders of packages: %w", err)
	}
	if f.lock, err = os.OpenFile(filepath.Join(f.temp, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err == nil {
		err = syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the folders of packages: %w", err)
	}
	return f, nil
}

// Close removes what is in the making.
func (f *Folders) Close() error {
	err := os.RemoveAll(f.temp)
	return errors.Join(err, f.lock.Close())
}

// clearLeft removes the temporary folders whose processes are gone: nobody
// holds their locks.
func (f *Folders) clearLeft() error {
	left, err := filepath.Glob(filepath.Join(f.opts.Dir, "temp", "*"))
	if err != nil {
		return fmt.Errorf("look for what was left in the making: %w", err)
	}
	for _, folder := range left {
		lock, err := os.Open(filepath.Join(folder, "lock"))
		if err == nil {
			err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
			_ = lock.Close()
		} else if errors.Is(err, fs.ErrNotExist) && isYoung(folder) {
			continue // another process is making it at this moment
		}
		if errors.Is(err, syscall.EWOULDBLOCK) {
			continue
		}
		f.opts.Log.Info("clearing away what an install left that was killed", slog.String("folder", filepath.Base(folder)))
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("clear away what was left in the making: %w", err)
		}
	}
	return nil
}

// Path returns an environment's folder, if it stands here.
func (f *Folders) Path(env model.Environment) (string, bool) {
	path := f.place(env)
	info, err := os.Stat(path)
	return path, err == nil && info.IsDir()
}

func (f *Folders) place(env model.Environment) string {
	return filepath.Join(f.opts.Dir, "environments", env.Tenant, fmt.Sprintf("%d-%.12s", env.Number, env.Lock.Digest()))
}

func (f *Folders) wheel(p model.LockedPackage) string {
	return filepath.Join(f.opts.Dir, "wheels", p.SHA256)
}
