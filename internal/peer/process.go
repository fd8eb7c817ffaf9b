// Package peer finds out which process of this machine is at the other end of a
// connection, by /proc.
//
// It must not decide what the process may do. A process can hide from a server that
// is not root: a process that is not found is unknown, and never harmless.
package peer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrUnknown means that no process was found that has the connection open.
var ErrUnknown = errors.New("the process at the other end of the connection is not known")

// Descends reports whether a process at the other end of a connection, which begins
// at remote and was accepted at local, is one of roots, or was started by one of them
// or by their descendants. The error is ErrUnknown, or of a machine without /proc.
func Descends(remote, local netip.AddrPort, roots ...int) (bool, error) {
	socket, err := socketOf(remote, local)
	if err != nil {
		return false, err
	}
	holders, err := holdersOf(socket)
	if err != nil {
		return false, err
	}
	for _, pid := range holders {
		descends, err := below(pid, roots)
		if err != nil || descends {
			return descends, err
		}
	}
	return false, nil
}

// socketOf is the number of the socket that a connection begins at.
func socketOf(remote, local netip.AddrPort) (string, error) {
	const from, to, number = 1, 2, 9 // the columns
	begin, end := fmt.Sprintf(":%04X", remote.Port()), fmt.Sprintf(":%04X", local.Port())
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(table)
		if errors.Is(err, os.ErrNotExist) {
			continue // without IPv6
		}
		if err != nil {
			return "", fmt.Errorf("look for a connection: %w", err)
		}
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			columns := strings.Fields(lines.Text())
			if len(columns) > number && strings.HasSuffix(columns[from], begin) && strings.HasSuffix(columns[to], end) && columns[number] != "0" {
				return columns[number], nil
			}
		}
	}
	return "", ErrUnknown
}

// holdersOf are the processes that have a socket open.
func holdersOf(socket string) (pids []int, err error) {
	want := "socket:[" + socket + "]"
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	for _, folder := range folders {
		files, err := os.ReadDir(folder + "/fd")
		if err != nil {
			continue // it has ended, or its files are not shown to us
		}
		for _, file := range files {
			if target, err := os.Readlink(folder + "/fd/" + file.Name()); err == nil && target == want {
				pid, err := strconv.Atoi(filepath.Base(folder))
				if err != nil {
					return nil, fmt.Errorf("read the number of a process: %w", err)
				}
				pids = append(pids, pid)
				break
			}
		}
	}
	if len(pids) == 0 {
		return nil, ErrUnknown
	}
	return pids, nil
}

// mostAncestors bounds the walk: a process that ends meanwhile could close a circle.
const mostAncestors = 1000

// below reports whether a process is one of roots, or has one among its ancestors.
func below(pid int, roots []int) (bool, error) {
	for range mostAncestors {
		for _, root := range roots {
			if pid == root {
				return true, nil
			}
		}
		if pid <= 1 {
			return false, nil
		}
		parent, err := parentOf(pid)
		if err != nil {
			return false, err
		}
		pid = parent
	}
	return false, ErrUnknown
}

// parentOf reads the parent of a process. The name before it may contain anything, a
// bracket too.
func parentOf(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, ErrUnknown // it has ended
	}
	_, rest, found := strings.Cut(string(text[max(bytes.LastIndexByte(text, ')'), 0):]), " ")
	fields := strings.Fields(rest)
	if !found || len(fields) < 2 {
		return 0, ErrUnknown
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0, ErrUnknown
	}
	return parent, nil
}
