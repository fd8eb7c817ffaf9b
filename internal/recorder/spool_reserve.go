package recorder

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"maestro/internal/model"
)

const (
	// defaultReserve is what a server can need at most once its disk is full: the
	// records of the runs that are under way when new ones begin to be refused.
	defaultReserve = 32 << 20
	reserveName    = "reserve"
)

// reserve is a file of a fixed size whose blocks the disk has given already. It
// is written in place, lines as in any spool file and zeros behind them, so that
// records find room on a disk that is full, as it may be just when the database
// on it can't write either.
type reserve struct {
	file *os.File
	next int64 // where the next line goes
	size int64
}

func (r *reserve) used() bool { return r != nil && r.next > 0 }

// openReserve makes the reserve, or finds what an earlier process left in it. A
// disk without room for it is no error of the start: the rest of the spool may
// work.
func (s *spool) openReserve() {
	if s.dir == "" || s.reserved <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reserve != nil {
		return
	}
	made, err := makeReserve(s.dir, s.reserved)
	if err != nil {
		s.log.Warn("the disk has no room for the spool's reserve: records of runs would be lost if the database went away now; free some",
			slog.Int64("bytes", s.reserved), slog.Any("error", err))
		return
	}
	s.reserve = made
}

func makeReserve(dir string, size int64) (_ *reserve, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, reserveName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the spool's reserve: %w", err)
	}
	defer func() {
		if err != nil {
			_ = file.Close()
		}
	}()
	used, err := usedBytes(file)
	if err != nil {
		return nil, err
	}
	if err := allocate(file, size); err != nil {
		return nil, err
	}
	return &reserve{file: file, next: used, size: size}, nil
}

// usedBytes is how much of the file is not zero. JSON has no zeros.
func usedBytes(file *os.File) (int64, error) {
	part := make([]byte, 64<<10)
	for at := int64(0); ; at += int64(len(part)) {
		n, err := file.ReadAt(part, at)
		if end := bytes.IndexByte(part[:n], 0); end >= 0 {
			return at + int64(end), nil
		}
		if errors.Is(err, io.EOF) {
			return at + int64(n), nil
		}
		if err != nil {
			return 0, fmt.Errorf("read the spool's reserve: %w", err)
		}
	}
}

// allocate gives the file its blocks. File systems that can't do that at once are
// written to.
func allocate(file *os.File, size int64) error {
	err := unix.Fallocate(int(file.Fd()), 0, 0, size)
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	zeros := make([]byte, 1<<20)
	for at := end; at < size; at += int64(len(zeros)) {
		if _, err := file.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at); err != nil {
			return err
		}
	}
	return file.Sync()
}

var (
	errNoReserve   = errors.New("the spool has no reserve")
	errReserveFull = errors.New("the spool's reserve is full")
)

// putReserve writes lines into the reserve and returns once they are on the disk.
func (s *spool) putReserve(lines []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.reserve
	switch {
	case r == nil:
		return errNoReserve
	case r.next+int64(len(lines)) > r.size:
		return errReserveFull
	}
	if _, err := r.file.WriteAt(lines, r.next); err != nil {
		return fmt.Errorf("write into the spool's reserve: %w", err)
	}
	if err := unix.Fdatasync(int(r.file.Fd())); err != nil {
		return fmt.Errorf("sync the spool's reserve: %w", err)
	}
	r.next += int64(len(lines))
	return nil
}

// readReserve returns the records in the reserve, and how much of it they take.
// Behind the last whole line may be part of one: of that nothing was said to be
// on the disk.
func (s *spool) readReserve() (records []*model.Record, bytes int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.reserve.used() {
		return nil, 0, nil
	}
	text := make([]byte, s.reserve.next)
	if _, err := s.reserve.file.ReadAt(text, 0); err != nil {
		return nil, 0, fmt.Errorf("read the spool's reserve: %w", err)
	}
	records, err = decodeLines(text)
	if err != nil {
		s.log.Warn("the spool's reserve ends within a record, which was not finished", slog.Int("records", len(records)), slog.Any("error", err))
	}
	return records, s.reserve.next, nil
}

// clearReserve empties the reserve, unless more was put into it than was read:
// then all of it is read again. Its blocks stay its own.
func (s *spool) clearReserve(read int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.reserve
	if r.next != read {
		return nil
	}
	// From the end: a process that dies here leaves whole lines, which are replayed
	// again, and not a part of one.
	zeros := make([]byte, 1<<20)
	for at := r.next; at > 0; {
		n := min(at, int64(len(zeros)))
		at -= n
		if _, err := r.file.WriteAt(zeros[:n], at); err != nil {
			return fmt.Errorf("empty the spool's reserve: %w", err)
		}
	}
	r.next = 0
	if err := unix.Fdatasync(int(r.file.Fd())); err != nil {
		return fmt.Errorf("sync the spool's reserve: %w", err)
	}
	return nil
}

func (s *spool) closeReserve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reserve != nil {
		_ = s.reserve.file.Close()
		s.reserve = nil
	}
}
