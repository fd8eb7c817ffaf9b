package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of times in /proc.
const clockTick = 10 * time.Millisecond

// use is what the processes of a server have used of the processors, and hold of the
// memory: pages that several share count for each in part.
type use struct{ server, database share }

type share struct {
	processor time.Duration
	mb        float64
}

var pss = regexp.MustCompile(`(?m)^Pss:\s+(\d+) kB$`)

// use adds up the processes that come from the server's.
func (s *server) use() (sum use) {
	paths, _ := filepath.Glob("/proc/[0-9]*/stat")
	parents, shares, names := map[int]int{}, map[int]share{}, map[int]string{}
	for _, path := range paths {
		dir := filepath.Dir(path)
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		pid, _ := strconv.Atoi(filepath.Base(dir))
		// The second field is a name in brackets, which may hold any character.
		from, to := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
		fields := strings.Fields(string(text[to+1:]))
		names[pid] = string(text[from+1 : to])
		parents[pid], _ = strconv.Atoi(fields[1])
		var ticks int64
		for _, field := range fields[11:15] { // its own, and that of children that have ended
			n, _ := strconv.ParseInt(field, 10, 64)
			ticks += n
		}
		var mb float64
		rollup, _ := os.ReadFile(dir + "/smaps_rollup") // empty when it has ended
		if found := pss.FindSubmatch(rollup); found != nil {
			kb, _ := strconv.ParseFloat(string(found[1]), 64)
			mb = kb / 1024
		}
		shares[pid] = share{time.Duration(ticks) * clockTick, mb}
	}
	for pid, of := range shares {
		for at := pid; at != 0; at = parents[at] {
			if at != s.cmd.Process.Pid {
				continue
			}
			to := &sum.server
			if strings.HasPrefix(names[pid], "postgres") {
				to = &sum.database
			}
			to.processor += of.processor
			to.mb += of.mb
			break
		}
	}
	return sum
}
