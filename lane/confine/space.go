package confine

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Space bounds the bytes that the files of a folder take, without a quota of the file
// system, which few machines have, and without a file system in memory, which would lose
// the files and take memory.
//
// The folder is measured while its programs are at work. When it is full, the limit of
// file sizes (RLIMIT_FSIZE) of all their processes becomes 0: a write that makes a file longer fails,
// as it does on a full disk, and the processes live. When there is room again, the limit is lifted. The
// filter of system calls keeps programs from doing so themselves. A folder with more than 256 folders within each
// other is full too. So the folder can be over its bound by
// the bytes that are written between two looks.
type Space struct {
	folder string
	bound  int64 // of all files

	mu    sync.Mutex // guards what follows
	used  int64
	due   time.Time // when the folder is measured again
	quiet time.Time // the same, while its programs do nothing
	full  bool
	held  map[int]bool // processes that were given the limit 0
}

const (
	// lookShare is the share of the time that measuring may take: one of so many.
	lookShare = 20
	// lookQuiet is how often the folder of idle programs is measured.
	lookQuiet = 5 * time.Second
	// blockSize is the unit of stat's blocks.
	blockSize = 512
	// leastFile is what an empty file counts.
	leastFile = 4096
)

// NewSpace bounds a folder.
func NewSpace(folder string, bound int64) *Space {
	return &Space{folder: folder, bound: bound, held: map[int]bool{}}
}

// Look measures the folder if it is time. processes are the first ones of each confined
// program that writes there; busy says that they are at work.
func (s *Space) Look(processes []int, busy bool) error {
	if !s.mu.TryLock() {
		return nil // it is being measured
	}
	defer s.mu.Unlock()
	now := time.Now()
	if now.Before(s.due) || (!busy && !s.full && now.Before(s.quiet)) {
		return nil
	}
	used, err := measure(s.folder)
	tooDeep := errors.Is(err, errTooDeep)
	if err != nil && !tooDeep {
		s.due = now.Add(lookQuiet)
		return fmt.Errorf("measure the folder of a subtenant: %w", err)
	}
	s.used = used
	s.due = now.Add(lookShare * time.Since(now))
	s.quiet = now.Add(lookQuiet)
	s.full = used > s.bound || tooDeep // files that are not counted may be of any size
	if s.full {
		s.hold(processes)
	} else if len(s.held) > 0 {
		s.lift()
	}
	return nil
}

// Full reports whether processes of the folder cannot write.
func (s *Space) Full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full
}

// Used returns the bytes that were there at the last look.
func (s *Space) Used() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// hold gives all processes the limit 0. Those that are forked meanwhile are found at the
// next look. mu is held.
func (s *Space) hold(processes []int) {
	for _, process := range family(processes) {
		if limitFiles(process, 0) == nil {
			s.held[process] = true
		}
	}
}

// lift gives the processes their limit back. mu is held.
func (s *Space) lift() {
	for process := range s.held {
		_ = limitFiles(process, unix.RLIM_INFINITY) // or it has ended
	}
	clear(s.held)
}

// limitFiles sets how long a process may make a file, up to the bound that it began
// with.
func limitFiles(process int, bound uint64) error {
	var limit unix.Rlimit
	if err := unix.Prlimit(process, unix.RLIMIT_FSIZE, nil, &limit); err != nil {
		return err
	}
	limit.Cur = min(bound, limit.Max)
	return unix.Prlimit(process, unix.RLIMIT_FSIZE, &limit, nil)
}

// measure returns the bytes that the files in a folder take on the disk. Its own programs may
// change it meanwhile: no link leads out of it. errTooDeep comes with the bytes of all files but the
// deepest.
func measure(folder string) (int64, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return 0, err
	}
	defer func() { _ = root.Close() }()
	used := int64(leastFile)    // of the folder itself
	linked := map[uint64]bool{} // files with several names, which count once
	err = walk(root, 1, func(_ *os.Root, _ string, stat *syscall.Stat_t) error {
		directory := stat.Mode&syscall.S_IFMT == syscall.S_IFDIR
		if stat.Nlink > 1 && !directory {
			if linked[stat.Ino] {
				return nil
			}
			linked[stat.Ino] = true
		}
		used += max(leastFile, stat.Blocks*blockSize)
		return nil
	})
	return used, err
}

// family returns processes, all that descend from them, and all of their namespaces: there, one
// whose parent has ended descends from the first.
func family(processes []int) []int {
	names, err := os.ReadDir("/proc")
	if err != nil {
		return processes
	}
	spaces, own := map[string]bool{}, spaceOf(os.Getpid())
	for _, process := range processes {
		if space := spaceOf(process); space != own {
			spaces[space] = true
		}
	}
	delete(spaces, "")
	children := map[int][]int{}
	wanted := slices.Clone(processes)
	for _, name := range names {
		process, err := strconv.Atoi(name.Name())
		if err != nil {
			continue
		}
		if len(spaces) > 0 && spaces[spaceOf(process)] {
			wanted = append(wanted, process)
		} else if parent := parentOf(process); parent > 0 {
			children[parent] = append(children[parent], process)
		}
	}
	all, known := []int{}, map[int]bool{}
	for ; len(wanted) > 0; wanted = wanted[1:] {
		if known[wanted[0]] {
			continue
		}
		known[wanted[0]] = true
		all = append(all, wanted[0])
		wanted = append(wanted, children[wanted[0]]...)
	}
	return all
}

// spaceOf names the namespace of processes of a process; empty if it has ended.
func spaceOf(process int) string {
	name, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", process))
	return name
}

func parentOf(process int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}
