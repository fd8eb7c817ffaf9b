package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// grown is by how much the memory of a server may be above that of the day on which its
// live logs are full: it depends on the moment of the last collection.
const grown = 1.15

// fullLogs is what the live logs hold in MB once they are full. Of MAESTRO_LOG_MEMORY (64)
// half is for the logs that are never read.
const fullLogs = 30

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
	fmt.Print("| day | server, MB | live logs in it, MB | PostgreSQL, MB | spool, MB | packages, MB | other files, MB |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	var full float64 // memory on the day on which the live logs are full
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
		logs, err := s.liveLogs()
		if err != nil {
			return err
		}
		fmt.Printf("| %d | %.0f | %d | %.0f | %.0f | %.0f | %.0f |\n", day+1, now.server.mb, logs, now.database.mb, sizes["spool"], sizes["packages"], sizes["other"])
		switch {
		case full == 0 && logs >= fullLogs:
			full = now.server.mb
		case full > 0 && now.server.mb > grown*full:
			return fmt.Errorf("the server has grown from %.0f MB to %.0f MB with full live logs", full, now.server.mb)
		}
	}
	if full == 0 {
		return errors.New("the live logs were not full at the end: more -calls are needed")
	}
	return nil
}

// liveLogs is what they hold, in MB.
func (s *server) liveLogs() (int, error) {
	text, err := s.send("acme", "GET", "/health", nil, 200)
	var health struct {
		Checks struct {
			Redis struct {
				Counts struct {
					Embedded int `json:"embedded_mb"`
				}
			}
		}
	}
	if err == nil {
		err = json.Unmarshal(text, &health)
	}
	return health.Checks.Redis.Counts.Embedded, err
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
