package main

import (
	"bufio"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// machineMemory returns the bytes of memory that the process can use: the
// machine's, or less where its container or service has a limit. root is "/". 0
// means that the machine does not tell.
func machineMemory(root string) int64 {
	least := int64(math.MaxInt64)
	consider := func(bytes int64) {
		if bytes > 0 {
			least = min(least, bytes)
		}
	}
	consider(totalMemory(filepath.Join(root, "proc/meminfo")))
	for _, folder := range controlGroups(filepath.Join(root, "proc/self/cgroup")) {
		// The limit of each group that contains the process's applies. In a
		// container the path may be that of the machine: then only the top exists.
		for ; ; folder = filepath.Dir(folder) {
			for _, name := range []string{"memory.max", "memory.limit_in_bytes"} {
				consider(readNumber(filepath.Join(root, "sys/fs/cgroup", folder, name)))
				consider(readNumber(filepath.Join(root, "sys/fs/cgroup/memory", folder, name)))
			}
			if folder == "/" || folder == "." {
				break
			}
		}
	}
	if least == math.MaxInt64 {
		return 0
	}
	return least
}

// totalMemory reads the machine's memory from /proc/meminfo.
func totalMemory(path string) int64 {
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if rest, found := strings.CutPrefix(lines.Text(), "MemTotal:"); found {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return kilobytes << 10
		}
	}
	return 0
}

// controlGroups returns the paths of the control groups of the process that
// limit memory, of version 2 and 1, and the top.
func controlGroups(path string) []string {
	groups := []string{"/"}
	text, err := os.ReadFile(path)
	if err != nil {
		return groups
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) == 3 && (parts[1] == "" || strings.Contains(parts[1], "memory")) {
			groups = append(groups, filepath.Clean("/"+parts[2]))
		}
	}
	return groups
}

// readNumber reads a file with a number; 0 if there is none, as in "max".
func readNumber(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
