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

// Unpack fetches the packages that are the values and unpacks each into the
// folder that is its key, which is there and empty. It refuses early what would
// come to more than maxBytes or maxFiles, folders included.
type Unpack func(ctx context.Context, folders map[string]model.LockedPackage, maxBytes int64, maxFiles int, log func(line string)) error

// Options of Folders. Dir, Unpack and Log must be set.
type Options struct {
	Dir    string // for all of it
	Unpack Unpack
	Log    *slog.Logger

	// Platform is of the Python that imports the packages, and a part of folders'
	// names: another one makes folders of its own from the same locks.
	Platform string
	MaxBytes int64 // that one environment may hold; default 512 MiB
	MaxFiles int   // the same in number, folders included; default 50,000
	MaxStore int64 // bytes of wheels, beyond which those go that no environment here uses; default 10 GiB

	Cache    string // the folder of pip's cache; empty: it is not looked after
	MaxCache int64  // bytes, beyond which it is emptied; default 2 GiB
}

// Folders are this server's. They are safe for concurrent use, also by several
// processes on one folder.
type Folders struct {
	opts Options
	temp string   // of this process
	lock *os.File // held as long as temp is in use
	busy keyed

	store sync.RWMutex // held for reading while wheels are noted as used, for writing while one goes

	mu    sync.Mutex
	sizes map[string]int64 // guarded by mu; of wheels by the names of their folders, which never change
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

// Close removes what is in the making.
func (f *Folders) Close() error {
	err := removeAll(f.temp)
	return errors.Join(err, f.lock.Close())
}

// clearLeft removes the temporary folders whose processes are gone: nobody
// holds their locks. What can't be removed is no reason not to start: what
// subtenants' code has written may be among it.
func (f *Folders) clearLeft() {
	for _, entry := range readDir(filepath.Join(f.opts.Dir, "temp")) {
		folder := filepath.Join(f.opts.Dir, "temp", entry.Name())
		if f.isAlive(folder) {
			continue
		}
		f.opts.Log.Info("clearing away what an install left that was killed", slog.String("folder", entry.Name()))
		if err := removeAll(folder); err != nil {
			f.opts.Log.Warn("what an install left can't be cleared away", slog.String("folder", folder), slog.Any("error", err))
		}
	}
}

// isAlive reports whether a process has a temporary folder, or is making it at
// this moment.
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

// Path returns an environment's folder, if it stands here.
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
