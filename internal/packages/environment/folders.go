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
	"sync"
	"syscall"

	"maestro/internal/model"
)

// Unpack downloads the packages that are the values and unpacks each into the
// folder that is its key, which exists and is empty. It refuses early packages
// that would exceed maxBytes or maxFiles, folders included.
type Unpack func(ctx context.Context, folders map[string]model.LockedPackage, maxBytes int64, maxFiles int, log func(line string)) error

// Options of Folders. Dir, Unpack and Log must be set.
type Options struct {
	Dir    string // for all folders
	Unpack Unpack
	Log    *slog.Logger

	// Platform is that of the Python that imports the packages, and a part of
	// the folders' names: each platform has separate folders of the same locks.
	Platform string
	MaxBytes int64 // that one environment may hold; default 512 MiB
	MaxFiles int   // the same in number, folders included; default 50,000
	MaxStore int64 // bytes of wheels above which those are removed that no environment here uses; default 10 GiB

	Cache    string // the folder of pip's cache; empty: it is not limited
	MaxCache int64  // bytes above which it is emptied; default 2 GiB
}

// Folders are the package folders of this server. They are safe for concurrent
// use, also by several processes on the same folder.
type Folders struct {
	opts Options
	temp string   // of this process
	lock *os.File // held as long as temp is in use
	busy keyed

	store sync.RWMutex // held for reading while wheels are noted as used, for writing while one is removed

	mu    sync.Mutex
	sizes map[string]int64 // guarded by mu; of wheels by the names of their folders, which never change
}

// TempDir is for data that is moved into place later.
func (f *Folders) TempDir() string { return f.temp }

// Open creates the folders, and removes the remains of processes that have
// ended. Close it at the end.
func Open(opts Options) (*Folders, error) {
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = 512 << 20
	}
	if opts.MaxFiles <= 0 {
		opts.MaxFiles = 50_000
	}
	if opts.MaxStore <= 0 {
		opts.MaxStore = 10 << 30
	}
	if opts.MaxCache <= 0 {
		opts.MaxCache = 2 << 30
	}
	f := &Folders{opts: opts, sizes: map[string]int64{}}
	for _, name := range []string{"wheels", "environments", "temp"} {
		path := filepath.Join(opts.Dir, name)
		if err := os.MkdirAll(path, 0o755); err != nil {
			return nil, fmt.Errorf("make the folders of packages: %w", err)
		}
		_ = os.Chmod(path, 0o755) // subtenants' code runs as the same user
	}
	f.clearLeft()
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

// Close removes the temporary folder.
func (f *Folders) Close() error {
	err := removeAll(f.temp)
	return errors.Join(err, f.lock.Close())
}

// clearLeft removes the temporary folders whose processes have ended: their
// locks are free. A failure does not prevent a start, because a folder may
// contain files of subtenants' code.
func (f *Folders) clearLeft() {
	for _, entry := range readDir(filepath.Join(f.opts.Dir, "temp")) {
		folder := filepath.Join(f.opts.Dir, "temp", entry.Name())
		if f.isAlive(folder) {
			continue
		}
		f.opts.Log.Info("removing the folder of an install that was killed", slog.String("folder", entry.Name()))
		if err := removeAll(folder); err != nil {
			f.opts.Log.Warn("the folder of an install that was killed cannot be removed", slog.String("folder", folder), slog.Any("error", err))
		}
	}
}

// isAlive reports whether a temporary folder belongs to a running process, or
// is being created at this moment.
func (f *Folders) isAlive(folder string) bool {
	path := filepath.Join(folder, "lock")
	lock, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		_, _ = os.Chmod(folder, 0o700), os.Chmod(path, 0o600)
		lock, err = os.Open(path)
	}
	if err != nil {
		return isYoung(folder) || !errors.Is(err, fs.ErrNotExist)
	}
	defer func() { _ = lock.Close() }()
	return errors.Is(syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// Path returns an environment's folder, if it exists here.
func (f *Folders) Path(env model.Environment) (string, bool) {
	path := f.place(env)
	info, err := os.Stat(path)
	return path, err == nil && info.IsDir()
}

func (f *Folders) place(env model.Environment) string {
	return filepath.Join(f.opts.Dir, "environments", env.Tenant, f.ofPlatform(fmt.Sprintf("%d-%.12s", env.Number, env.Lock.Digest())))
}

func (f *Folders) wheel(p model.LockedPackage) string {
	return filepath.Join(f.opts.Dir, "wheels", f.ofPlatform(p.SHA256))
}

func (f *Folders) ofPlatform(name string) string {
	if f.opts.Platform == "" {
		return name
	}
	return name + "-" + f.opts.Platform
}
