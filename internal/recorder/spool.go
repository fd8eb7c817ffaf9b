package recorder

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"sync"

	"maestro/internal/model"
)

const (
	spoolSuffix    = ".jsonl"
	spoolBadSuffix = ".unreadable"
)

// spool keeps records in files, one batch in each, a record in each line. A
// file has its name only once it is whole and on the disk.
type spool struct {
	dir string
	log *slog.Logger

	mu      sync.Mutex
	waiting int // files, as far as this process knows; guarded by mu
}

var errNoSpool = errors.New("there is no spool folder")

// put writes records into a new file and returns once they are on the disk.
func (s *spool) put(records []*model.Record) (err error) {
	if s.dir == "" {
		return errNoSpool
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("make the spool folder: %w", err)
	}
	file, err := os.CreateTemp(s.dir, "unfinished-*")
	if err != nil {
		return fmt.Errorf("make a spool file: %w", err)
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	buffered := bufio.NewWriter(file)
	lines := json.NewEncoder(buffered)
	lines.SetEscapeHTML(false)
	for _, record := range records {
		// A value that is no JSON can't be part of a line.
		replaceValues(record, func(value json.RawMessage) bool { return !json.Valid(value) })
		if err := lines.Encode(record); err != nil {
			return fmt.Errorf("spool a record: %w", err)
		}
	}
	if err := errors.Join(buffered.Flush(), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write a spool file: %w", err)
	}
	// Names sort by time: what was first goes in first.
	if err := os.Rename(file.Name(), filepath.Join(s.dir, model.NewID().String()+spoolSuffix)); err != nil {
		return fmt.Errorf("name a spool file: %w", err)
	}
	s.mu.Lock()
	s.waiting++
	s.mu.Unlock()
	return syncFolder(s.dir)
}

func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open the spool folder: %w", err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// files lists what is waiting, oldest first.
func (s *spool) files() []string {
	if s.dir == "" {
		return nil
	}
	found, _ := filepath.Glob(filepath.Join(s.dir, "*"+spoolSuffix))
	sort.Strings(found)
	s.mu.Lock()
	s.waiting = len(found)
	s.mu.Unlock()
	return found
}

// count is how many files are waiting.
func (s *spool) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}

// read returns a file's records. A file that can't be read is put aside under
// another name, so that it is not tried for ever, and reported.
func (s *spool) read(path string) ([]*model.Record, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var records []*model.Record
	for lines := json.NewDecoder(bufio.NewReader(file)); lines.More(); {
		record := new(model.Record)
		if err := lines.Decode(record); err != nil {
			s.log.Error("a spool file can't be read; it is put aside", "file", path, "error", err)
			return nil, errors.Join(err, os.Rename(path, path+spoolBadSuffix))
		}
		records = append(records, record)
	}
	return records, nil
}

func (s *spool) remove(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s.mu.Lock()
	s.waiting--
	s.mu.Unlock()
	return err
}
