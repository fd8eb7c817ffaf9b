package confine

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Memory bounds the bytes that programs and all processes that they start hold together, where the
// measure Cgroup does not hold: it looks at them, and kills the largest of those that the programs
// have started. What the programs themselves hold is their owner's to bound.
type Memory struct {
	bound int64

	mu  sync.Mutex // guards due
	due time.Time
}

// memoryEvery is how often the processes of programs are looked at.
const memoryEvery = 500 * time.Millisecond

// WatchMemory returns what bounds the memory of programs that use this report; nil
// where the kernel does.
func (r *Report) WatchMemory(bound int64) *Memory {
	if r.Holds(Cgroup) || bound <= 0 {
		return nil
	}
	return &Memory{bound: bound}
}

// Look looks at the processes if it is time. programs are the first ones of each confined program. It
// returns the number of the process that was killed, or 0.
func (m *Memory) Look(programs []int) int {
	if m == nil || !m.mu.TryLock() {
		return 0
	}
	defer m.mu.Unlock()
	if now := time.Now(); now.Before(m.due) {
		return 0
	}
	m.due = time.Now().Add(memoryEvery)
	spared := slices.Clone(programs)
	for _, program := range programs { // the process that they were forked from is in their namespace
		spared = append(spared, parentOf(program))
	}
	var total, most int64
	largest := 0
	for _, process := range family(programs) {
		held := heldBy(process)
		total += held
		if held > most && !slices.Contains(spared, process) {
			most, largest = held, process
		}
	}
	if total <= m.bound || largest == 0 {
		return 0
	}
	if err := kill(largest, programs); err != nil {
		return 0
	}
	return largest
}

// kill kills a process that still descends from programs: its number could be another's by now.
func kill(process int, programs []int) error {
	fd, err := unix.PidfdOpen(process, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	if !slices.Contains(family(programs), process) {
		return unix.ESRCH
	}
	return unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
}

var pageSize = int64(os.Getpagesize())

// heldBy returns the bytes of memory that a process shares with no file.
func heldBy(process int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", process))
	if err != nil {
		return 0
	}
	columns := bytes.Fields(text)
	const resident, shared = 1, 2
	if len(columns) <= shared {
		return 0
	}
	all, _ := strconv.ParseInt(string(columns[resident]), 10, 64)
	files, _ := strconv.ParseInt(string(columns[shared]), 10, 64)
	return (all - files) * pageSize
}
