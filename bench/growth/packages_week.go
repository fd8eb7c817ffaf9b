package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"maestro/internal/model"
	"maestro/internal/packages/environment"
	"maestro/internal/scratch"
)

const (
	subtenants = 20      // each installs another version of one of its packages every day
	wheelBytes = 1 << 20 // of a package
	wheelsEach = 3       // packages of a subtenant
	// kept is how long wheels are kept that no environment uses (docs/packages.md).
	keptWheels = 7
)

// packages lives the days of a server whose subtenants change their packages: the folders
// are made and swept as the server does, and grow older by a day between. maxStore is the
// limit on wheels.
func (p plan) packages(ctx context.Context, out io.Writer, maxStore int64) error {
	dir, err := scratch.Folder("growth-packages")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	folders, err := environment.Open(environment.Options{Dir: dir, Unpack: unpack, MaxStore: maxStore, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { _ = folders.Close() }()
	fmt.Fprintf(out, "\nPackages: %d subtenants with %d wheels of 1 MB each, one of which changes every day; wheels are limited to %.0f MB\n\n", subtenants, wheelsEach, mb(maxStore))
	fmt.Fprintf(out, "| day | wheels, MB | environments, MB | temp, MB |\n| --- | --- | --- | --- |\n")
	const inUse = subtenants * wheelsEach * wheelBytes
	most := min(max(maxStore, inUse), inUse+(keptWheels+1)*subtenants*wheelBytes) + wheelBytes
	for day := range p.days {
		current := map[string]bool{}
		for n := range subtenants {
			path, err := folders.Build(ctx, environmentOf(n, day), func(string) {})
			if err != nil {
				return err
			}
			current[path] = true
		}
		for range 4 {
			if err := age(dir, 6*time.Hour); err != nil {
				return err
			}
			folders.Sweep(func(_, path string) bool { return current[path] })
		}
		var sizes [3]int64
		for i, name := range []string{"wheels", "environments", "temp"} {
			if sizes[i], err = folderSize(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
		fmt.Fprintf(out, "| %d | %.0f | %.0f | %.0f |\n", day+1, mb(sizes[0]), mb(sizes[1]), mb(sizes[2]))
		switch {
		case sizes[0] > most:
			return fmt.Errorf("the wheels take %.0f MB on day %d, and at most %.0f MB are expected", mb(sizes[0]), day+1, mb(most))
		case sizes[1] > inUse+wheelBytes || sizes[2] > wheelBytes:
			return fmt.Errorf("the environments take %.0f MB and temp %.0f MB on day %d, and the environments in use %.0f MB", mb(sizes[1]), mb(sizes[2]), day+1, mb(inUse))
		}
	}
	return nil
}

// environmentOf is that of a subtenant on a day.
func environmentOf(subtenant, day int) model.Environment {
	env := model.Environment{Tenant: fmt.Sprint("tenant-", subtenant), Number: day + 1}
	for i := range wheelsEach {
		version := max(0, (day+i)/wheelsEach)
		name := fmt.Sprintf("package-%d-%d", subtenant, i)
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", name, version))
		env.Lock = append(env.Lock, model.LockedPackage{Name: name, Version: fmt.Sprint(version), SHA256: hex.EncodeToString(sum[:])})
	}
	return env
}

// unpack stands for pip.
func unpack(_ context.Context, folders map[string]model.LockedPackage, _ int64, _ int, _ func(string)) error {
	for folder, p := range folders {
		content := make([]byte, wheelBytes)
		_, _ = rand.NewChaCha8(sha256.Sum256([]byte(p.SHA256))).Read(content) // it never fails
		if err := os.WriteFile(filepath.Join(folder, p.Name+".bin"), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// age sets the times of all files back.
func age(dir string, by time.Duration) error {
	var all []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	for _, path := range all {
		info, failed := os.Stat(path)
		if failed == nil {
			failed = os.Chtimes(path, time.Time{}, info.ModTime().Add(-by))
		}
		if err == nil {
			err = failed
		}
	}
	return err
}

func folderSize(dir string) (bytes int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	return bytes, err
}
