package recorder

import (
	"bytes"
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
// file has its name only once it is whole and on the disk. Records for which the
// disk has no room go into the reserve (spool_reserve.go).
type spool struct {
	dir      string
	log      *slog.Logger
	reserved int64 // bytes of the reserve; 0 or below: there is none

	mu      sync.Mutex // guards what follows, and the reserve's file
	waiting int        // files, as far as this process knows
	reserve *reserve   // nil: it could not be made
}

var errNoSpool = errors.New("there is no spool folder")

// put writes records into a new file, or into the reserve, and returns once they
// are on the disk.
func (s *spool) put(records []*model.Record) error {
	if s.dir == "" {
		return errNoSpool
	}
	lines, err := encodeLines(records)
	if err != nil {
		return err
	}
	if err = s.putFile(lines); err == nil {
		return nil
	}
	if reserved := s.putReserve(lines); reserved != nil {
		return errors.Join(err, reserved)
	}
	return nil
}

func encodeLines(records []*model.Record) ([]byte, error) {
	var buffer bytes.Buffer
	lines := json.NewEncoder(&buffer)
	lines.SetEscapeHTML(false)
	for _, record := range records {
		// A value that is no JSON can't be part of a line.
		replaceValues(record, func(value json.RawMessage) bool { return !json.Valid(value) })
		if err := lines.Encode(record); err != nil {
			return nil, fmt.Errorf("spool a record: %w", err)
		}
	}
	return buffer.Bytes(), nil
}

func (s *spool) putFile(lines []byte) (err error) {
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
	_, err = file.Write(lines)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write a spool file: %w", err)
	}
	// Names sort by time: the oldest file is written first.
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

// files lists the spool files, oldest first.
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

// count is how many files are waiting, the reserve included.
func (s *spool) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reserve.used() {
		return s.waiting + 1
	}
	return s.waiting
}

// bytes is what the waiting files and the reserve hold. It looks at the folder
// only while files wait.
func (s *spool) bytes() (sum int64) {
	s.mu.Lock()
	waiting := s.waiting
	if s.reserve.used() {
		sum = s.reserve.next
	}
	s.mu.Unlock()
	if waiting == 0 {
		return sum
	}
	found, _ := filepath.Glob(filepath.Join(s.dir, "*"+spoolSuffix))
	for _, path := range found {
		if info, err := os.Stat(path); err == nil { // it may have been replayed meanwhile
			sum += info.Size()
		}
	}
	return sum
}

// read returns a file's records. A file that can't be read is set aside under
// another name, so that it is not tried for ever, and reported.
func (s *spool) read(path string) ([]*model.Record, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	records, err := decodeLines(text)
	if err != nil {
		s.log.Error("a spool file can't be read and is set aside", slog.String("file", path), slog.Any("error", err))
		return nil, errors.Join(err, os.Rename(path, path+spoolBadSuffix))
	}
	return records, nil
}

// decodeLines returns the records before the first line that is none, and why.
func decodeLines(text []byte) (records []*model.Record, err error) {
	for lines := json.NewDecoder(bytes.NewReader(text)); lines.More(); {
		record := new(model.Record)
		if err := lines.Decode(record); err != nil {
			return records, err
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
