package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of times in /proc.
const clockTick = 10 * time.Millisecond

// processorTime is what this process and all that come from it (the server, the
// database, its backends) have used of the processors so far. Unlike the clock
// it does not count what others do on the machine meanwhile.
func processorTime() (time.Duration, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	parents, used := map[int]int{}, map[int]int64{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return 0, err
		}
		// The second field is a name in brackets, which may hold any character.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) < 15 {
			return 0, fmt.Errorf("%s: %d fields", path, len(fields))
		}
		if parents[pid], err = strconv.Atoi(fields[1]); err != nil {
			return 0, err
		}
		for _, field := range fields[11:15] { // its own, and that of children that have ended
			ticks, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, err
			}
			used[pid] += ticks
		}
	}
	var sum int64
	for pid := range parents {
		for at := pid; at != 0; at = parents[at] {
			if at == os.Getpid() {
				sum += used[pid]
				break
			}
		}
	}
	return time.Duration(sum) * clockTick, nil
}
