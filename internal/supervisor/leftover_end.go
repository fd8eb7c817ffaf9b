package supervisor

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	leftoverTime  = time.Second // for the processes that a server left behind to end
	leftoverCheck = 2 * time.Millisecond
	reapEvery     = 5 * time.Second
)

// adoptOrphans makes this process the parent of every process whose own parent
// among its descendants ends.
func adoptOrphans() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// Harden keeps processes of the same account, such as code of subtenants, from
// reading this process's memory and descriptors.
func Harden() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }

// endLeftovers ends the processes that have outlived their server and left its
// process group: with it they have become children of this process. spare reports
// this process's own children.
func endLeftovers(spare func(pid int) bool) {
	for deadline := time.Now().Add(leftoverTime); ; time.Sleep(leftoverCheck) {
		left := 0
		for _, child := range children() {
			if spare(child.pid) || syscall.Kill(child.pid, syscall.SIGKILL) == syscall.EPERM {
				continue // one of another account is beyond reach
			}
			left++ // also a dead one: its children are adopted when it has ended
			_, _ = syscall.Wait4(child.pid, nil, syscall.WNOHANG, nil)
		}
		if left == 0 || time.Now().After(deadline) {
			return
		}
	}
}

// reapOrphans collects adopted processes when they have ended, until done is closed.
// What this process has started is collected at once by the goroutine that waits for
// it, so a process that is dead at two looks is adopted.
func reapOrphans(done <-chan struct{}) {
	ticker := time.NewTicker(reapEvery)
	defer ticker.Stop()
	for seen := map[int]bool{}; ; {
		select {
		case <-done:
			return
		case <-ticker.C:
		}
		seen = reap(seen)
	}
}

// reap collects the dead children that were dead at the last look, and returns the
// others.
func reap(seen map[int]bool) map[int]bool {
	dead := map[int]bool{}
	for _, child := range children() {
		if !child.dead {
			continue
		}
		if seen[child.pid] {
			_, _ = syscall.Wait4(child.pid, nil, syscall.WNOHANG, nil)
			continue
		}
		dead[child.pid] = true
	}
	return dead
}

// child is a child of this process.
type child struct {
	pid  int
	dead bool // and not collected
}

// children lists the children of this process.
func children() (found []child) {
	self := strconv.Itoa(os.Getpid())
	for _, pid := range candidates() {
		text, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			continue // it has ended
		}
		// pid (name) state parent …; the name may contain anything.
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) < 2 || string(fields[1]) != self {
			continue
		}
		if pid, err := strconv.Atoi(pid); err == nil {
			found = append(found, child{pid, fields[0][0] == 'Z'})
		}
	}
	return found
}

// candidates lists processes, among them the children of this one: all there are, on
// a kernel that does not list the children of a thread.
func candidates() (pids []string) {
	lists, _ := filepath.Glob("/proc/self/task/[0-9]*/children")
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		pids = append(pids, strings.Fields(string(text))...)
	}
	if len(lists) > 0 {
		return pids
	}
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		pids = append(pids, filepath.Base(folder))
	}
	return pids
}
