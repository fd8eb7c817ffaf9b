package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// process is one line of /proc.
type process struct {
	pid, parent int
	name        string
	state       byte
	ticks       int64 // user and system time, in clock ticks
	threads     int
	resident    int64 // bytes, with those that it shares with others
}

// tick is the kernel's USER_HZ, which is 100 on every architecture that Go has.
const tick = 10 * time.Millisecond

// database says whether the process is one of PostgreSQL's.
func (p process) database() bool { return strings.HasPrefix(p.name, "postgres") }

// processTree lists the descendants of a process.
func processTree(root int) []process {
	all := map[int][]process{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if p, ok := parseStat(string(text)); ok {
			all[p.parent] = append(all[p.parent], p)
		}
	}
	var tree []process
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		for _, p := range all[queue[0]] {
			tree = append(tree, p)
			queue = append(queue, p.pid)
		}
	}
	return tree
}

// isTracker says whether a process is one that multiprocessing starts beside a program to
// free what it leaves behind. It waits on a pipe, and ends with the program.
func isTracker(pid int) bool {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.Contains(string(line), "from multiprocessing.resource_tracker import main")
}

// remaining names the trackers that have not ended 5 seconds after their subtenant's removal.
func remaining(ctx context.Context, trackers []int) (left []string) {
	for began := time.Now(); time.Since(began) < 5*time.Second; pause(ctx, 50*time.Millisecond) {
		trackers = slices.DeleteFunc(trackers, func(pid int) bool { return !isTracker(pid) })
		if len(trackers) == 0 {
			break
		}
	}
	for range trackers {
		left = append(left, "multiprocessing's tracker")
	}
	return left
}

// parseStat reads /proc/PID/stat (proc(5)). The name may hold spaces and
// parentheses; the fields begin behind its last one.
func parseStat(text string) (process, bool) {
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return process{}, false
	}
	fields := strings.Fields(text[end+1:])
	pid, err := strconv.Atoi(strings.TrimSpace(text[:open]))
	if err != nil || len(fields) < 22 {
		return process{}, false
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt(fields[i], 10, 64)
		return n
	}
	return process{
		pid: pid, parent: int(number(1)), name: text[open+1 : end], state: fields[0][0],
		ticks: number(11) + number(12), threads: int(number(17)), resident: number(21) * int64(os.Getpagesize()),
	}, true
}

// sample is the state of the server's processes at one moment.
type sample struct {
	at       time.Time
	ticks    map[int]int64  // by process
	names    map[int]string // of all but the database's
	resident map[int]int64  // the same; bytes
	threads  int            // the same
}

func takeSample() sample {
	v := sample{at: time.Now(), ticks: map[int]int64{}, names: map[int]string{}, resident: map[int]int64{}}
	for _, p := range processTree(os.Getpid()) {
		v.ticks[p.pid] = p.ticks
		if p.database() {
			continue
		}
		v.threads += p.threads
		if p.state != 'Z' {
			v.names[p.pid], v.resident[p.pid] = p.name, p.resident
		}
	}
	return v
}

// load is the share of one core that the processes used between two samples.
func load(from, to sample) float64 {
	var used int64
	for pid, ticks := range to.ticks {
		used += ticks - from.ticks[pid] // 0 for a process that is new
	}
	return float64(used) * tick.Seconds() / to.at.Sub(from.at).Seconds()
}

// memory is the bytes that the processes of a sample hold. What several of them share counts
// once: each has its proportional share of it (Pss in proc(5)). With it goes the shared memory that
// has a name, and so outlives processes.
func (v sample) memory() int64 {
	held := namedMemory()
	for pid, resident := range v.resident {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil { // it has ended, or is another user's
			held += resident
			continue
		}
		held += parseShare(string(text))
	}
	return held
}

// namedMemory is the bytes in /dev/shm.
func namedMemory() int64 {
	var found unix.Statfs_t
	if unix.Statfs("/dev/shm", &found) != nil {
		return 0
	}
	return int64(found.Blocks-found.Bfree) * found.Bsize
}

// freeMemory is the machine's bytes that no process uses.
func freeMemory() int64 {
	var found unix.Sysinfo_t
	if unix.Sysinfo(&found) != nil {
		return 0
	}
	return int64(found.Freeram) * int64(found.Unit)
}

// parseShare reads the Pss of /proc/PID/smaps_rollup.
func parseShare(text string) int64 {
	for line := range strings.Lines(text) {
		var kilobytes int64
		if n, _ := fmt.Sscanf(line, "Pss: %d kB", &kilobytes); n == 1 {
			return kilobytes << 10
		}
	}
	return 0
}

// largest is the process with the most memory.
func largest() (pid int, all int64) {
	var most int64
	for _, p := range processTree(os.Getpid()) {
		if p.database() {
			continue
		}
		all += p.resident
		if p.resident > most {
			pid, most = p.pid, p.resident
		}
	}
	return pid, all
}
