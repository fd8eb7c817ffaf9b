package embed

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"maestro/cpython"
)

// CalledFrom reports whether code of a subtenant's has made a connection to the
// server's port: remote is its end, local the server's.
func (h *Host) CalledFrom(remote, local netip.AddrPort) bool {
	socket := cpython.ConnectedFrom(remote.Port())
	if socket == 0 {
		return false
	}
	now, err := socketOf(remote, local)
	if err != nil {
		return true // of a machine without /proc
	}
	if now == 0 || now == socket { // closed by now, or still the same
		return true
	}
	cpython.ForgetConnection(remote.Port(), socket) // the port is another program's
	return false
}

// socketOf returns the number of the socket of this machine that a connection
// begins at; 0 if no program has it open.
func socketOf(at, to netip.AddrPort) (uint64, error) {
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		socket, err := findSocket(table, at.Port(), to.Port())
		if err != nil || socket != 0 {
			return socket, err
		}
	}
	return 0, nil
}

func findSocket(table string, from, to uint16) (uint64, error) {
	const local, remote, number = 1, 2, 9 // the columns
	file, err := os.Open(table)
	if os.IsNotExist(err) {
		return 0, nil // without IPv6
	}
	if err != nil {
		return 0, fmt.Errorf("look for a connection: %w", err)
	}
	defer func() { _ = file.Close() }()
	begin, end := fmt.Sprintf(":%04X", from), fmt.Sprintf(":%04X", to)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		columns := strings.Fields(lines.Text())
		if len(columns) > number && strings.HasSuffix(columns[local], begin) && strings.HasSuffix(columns[remote], end) {
			if socket, err := strconv.ParseUint(columns[number], 10, 64); err == nil && socket != 0 {
				return socket, nil
			}
		}
	}
	return 0, nil
}
