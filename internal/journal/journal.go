// Package journal keeps which runs are in progress in a file in memory, so that the
// next process on the same data folder knows what a crash has cut off: a synchronous
// run has no row in the database before it ends or has taken 250 ms.
//
// The file is mapped: a run is entered and removed by writes to memory, without a
// system call, and the writes outlive the process, kill -9 or not. It does not
// decide what becomes of the runs, and must not be taken for their record: a run in
// the journal may have its record already.
package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	fileName   = "runs"
	markerName = "marker"

	headSize = 4096
	slots    = 8192 // runs at a time; those beyond are counted, and not entered
)

// The head of the file: the format, and how many runs found no slot.
const (
	format   = 0x6d61657374726f31
	formatAt = 0
	missedAt = 8
	fileSize = headSize + slots*slotSize
)

// ErrInUse says that another process holds the folder.
var ErrInUse = errors.New("another server uses this data folder")

// Journal is one process's journal. Enter and Remove may be called from any goroutine.
type Journal struct {
	dir  string
	file *os.File
	data []byte

	left     []Entry // of the predecessor
	complete bool    // left are all of them
	markers  []Marker

	free   atomic.Uint64 // a stack of slots: the number of the first plus 1, below a count of the changes
	next   [slots]uint32 // of a free slot: the number of the one below it plus 1
	unused atomic.Uint32 // slots from this one on were never used
}

// Open opens the journal in a folder and reads what a predecessor has left there. It
// waits until that has ended, for at most patience, then returns ErrInUse.
func Open(dir string, patience time.Duration) (_ *Journal, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("open the journal of runs in %s: %w", dir, err)
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, fileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
		}
	}()
	if err := lock(file, patience); err != nil {
		return nil, err
	}
	// Blocks for all of it: writing to memory that the disk has no room for ends the process.
	if err := unix.Fallocate(int(file.Fd()), 0, 0, fileSize); err != nil {
		if err := fill(file); err != nil {
			return nil, err
		}
	}
	data, err := unix.Mmap(int(file.Fd()), 0, fileSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the file: %w", err)
	}
	j := &Journal{dir: dir, file: file, data: data}
	j.complete = j.word(formatAt).Load() == format && j.word(missedAt).Load() == 0
	for i := range uint32(slots) {
		if j.word(formatAt).Load() != format {
			break
		}
		if entry, ok := j.slot(i).read(); ok {
			j.left = append(j.left, entry)
		}
	}
	j.markers, err = readMarkers(j.MarkerPath())
	if err != nil {
		_ = unix.Munmap(data)
		return nil, err
	}
	return j, nil
}

// lock takes the file for this process. The lock ends with the process, however it
// ends.
func lock(file *os.File, patience time.Duration) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR):
			return fmt.Errorf("lock the file: %w", err)
		case !time.Now().Before(deadline):
			return ErrInUse
		}
	}
}

// fill gives the file its size on a file system that reserves no blocks.
func fill(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	block := make([]byte, slotSize)
	for at := info.Size() / slotSize * slotSize; at < fileSize; at += slotSize {
		if _, err := file.WriteAt(block, at); err != nil {
			return err
		}
	}
	return nil
}

// Left are the runs that the predecessor had in progress when it ended. complete says
// that there were no others: it knew this journal, and each run has found a slot.
func (j *Journal) Left() (runs []Entry, complete bool) { return j.left, j.complete }

// Markers are those that the predecessor has left, oldest first.
func (j *Journal) Markers() []Marker { return j.markers }

// MarkerPath is the file for the marker of a crash. Markers are appended to it.
func (j *Journal) MarkerPath() string { return filepath.Join(j.dir, markerName) }

// Settled forgets what the predecessor has left. Call it once that is recorded, before
// the first Enter.
func (j *Journal) Settled() error {
	for i := range uint32(slots) {
		if s := j.slot(i); *s.word(0) != 0 { // the memory of the others need not become dirty
			s.clear()
		}
	}
	j.word(missedAt).Store(0)
	j.word(formatAt).Store(format)
	j.left, j.markers = nil, nil
	if err := os.Truncate(j.MarkerPath(), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forget the marker of a crash: %w", err)
	}
	return nil
}

// Missed is how many runs found no slot. A crash leaves no trace of one of these,
// unless it has taken 250 ms.
func (j *Journal) Missed() int { return int(j.word(missedAt).Load()) }

func (j *Journal) word(at int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&j.data[at])) }

// Close gives the folder up. The memory stays: a run that is late may still remove
// itself. A child that is just being started has the file too, so the lock has to be
// given up by itself.
func (j *Journal) Close() error {
	return errors.Join(unix.Flock(int(j.file.Fd()), unix.LOCK_UN), j.file.Close())
}

// Slot is the place of one run. The zero Slot is none; its methods do nothing.
type Slot struct {
	journal *Journal
	number  uint32
}

// Enter enters a run that begins. It never waits. Remove ends it.
func (j *Journal) Enter(e *Entry) Slot {
	number, ok := j.take()
	if !ok {
		j.word(missedAt).Add(1)
		return Slot{}
	}
	if !j.slot(number).write(e) { // names that are longer than any that the API takes
		j.give(number)
		j.word(missedAt).Add(1)
		return Slot{}
	}
	return Slot{j, number}
}

// Remove removes the run.
func (s Slot) Remove() {
	if s.journal == nil {
		return
	}
	s.journal.slot(s.number).clear()
	s.journal.give(s.number)
}

// Begin notes that the code of a run begins that was entered before that.
func (s Slot) Begin(now time.Time) {
	if s.journal != nil {
		s.journal.slot(s.number).started().Store(nanoseconds(now))
	}
}

// Ticket is where the lane notes its number of the call; nil: there is none. It is
// what links a marker to its run.
func (s Slot) Ticket() *atomic.Uint64 {
	if s.journal == nil {
		return nil
	}
	return s.journal.slot(s.number).ticket()
}

func (j *Journal) slot(number uint32) *slot {
	return (*slot)(j.data[headSize+int(number)*slotSize:])
}

// take takes a free slot: the one that was freed last, whose memory is still in the
// processor's caches.
func (j *Journal) take() (uint32, bool) {
	for {
		top := j.free.Load()
		first := uint32(top)
		if first == 0 {
			break
		}
		below := atomic.LoadUint32(&j.next[first-1])
		if j.free.CompareAndSwap(top, (top>>32+1)<<32|uint64(below)) {
			return first - 1, true
		}
	}
	if j.unused.Load() >= slots {
		return 0, false
	}
	number := j.unused.Add(1) - 1
	return number, number < slots
}

func (j *Journal) give(number uint32) {
	for {
		top := j.free.Load()
		atomic.StoreUint32(&j.next[number], uint32(top))
		if j.free.CompareAndSwap(top, (top>>32+1)<<32|uint64(number+1)) {
			return
		}
	}
}
