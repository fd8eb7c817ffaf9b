package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

const (
	// grown is by how much the memory of a server may be above that after its second day:
	// the first one fills its pools and caches.
	grown = 1.15
	// slack is what it may be above it besides, in MB: for the moment of a collection.
	slack = 20
)

// week lives days of a server under calls of each kind, and prints what the server holds
// after each of them.
func week(ctx context.Context, program string, days, calls int) error {
	s, err := start(ctx, program)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := s.define("acme"); err != nil {
		return err
	}
	fmt.Printf("A server with %d calls a day: half of them synchronous, a quarter with three steps, an eighth asynchronous and an eighth in the process lane\n\n", calls)
	fmt.Print("| day | server, MB | PostgreSQL, MB | spool, MB | packages, MB | other files, MB |\n| --- | --- | --- | --- | --- | --- |\n")
	var second use
	for day := range days {
		for i, k := range kinds {
			if err := s.load(k, calls/[]int{2, 4, 8, 8}[i]); err != nil {
				return err
			}
		}
		now := s.use()
		sizes, err := s.files()
		if err != nil {
			return err
		}
		fmt.Printf("| %d | %.0f | %.0f | %.0f | %.0f | %.0f |\n", day+1, now.server.mb, now.database.mb, sizes["spool"], sizes["packages"], sizes["other"])
		if day == 1 {
			second = now
		}
		if day > 1 && now.server.mb > grown*second.server.mb+slack {
			return fmt.Errorf("the server has grown from %.0f MB to %.0f MB", second.server.mb, now.server.mb)
		}
	}
	return nil
}

// files is what the folders of the data folder take, in MB, without the database and Python.
func (s *server) files() (sizes map[string]float64, err error) {
	sizes = map[string]float64{}
	err = filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was removed meanwhile
		}
		if err != nil {
			return err
		}
		part, _ := filepath.Rel(s.dir, path)
		if entry.IsDir() {
			if part == "postgres" || part == "python" {
				return filepath.SkipDir
			}
			return nil
		}
		name := "other"
		for _, known := range []string{"spool", "packages"} {
			if strings.HasPrefix(part, known+"/") {
				name = known
			}
		}
		if info, err := entry.Info(); err == nil {
			sizes[name] += float64(info.Size()) / (1 << 20)
		}
		return nil
	})
	return sizes, err
}
