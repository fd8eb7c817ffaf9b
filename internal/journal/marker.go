package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"maestro/internal/model"
)

// Marker is a lane's last words about code that has ended the process.
type Marker struct {
	Fault       string // the signal, such as SIGSEGV, or the function that ends the process: exit, _exit
	Status      int    // of exit
	Address     string // that the code has accessed; empty: not known
	Owner       string // of the interpreter; empty: none, or not known
	Interpreter uint64
	Ticket      uint64 // of the call that the thread ran for; 0: none, or not known
	Stack       string // of Python, innermost first, as lines of a traceback; may be empty
}

// Cause says how the process ended.
func (m *Marker) Cause() string {
	switch {
	case strings.HasPrefix(m.Fault, "SIG") && m.Address != "":
		return fmt.Sprintf("%s at address %s", m.Fault, m.Address)
	case strings.HasPrefix(m.Fault, "SIG"):
		return m.Fault
	default:
		return fmt.Sprintf("%s(%d)", m.Fault, m.Status)
	}
}

// folder is that of a library's file, but for its last part: it is a path of the server.
var folder = regexp.MustCompile(`^  File "/(?:[^"/]*/)*?([^"/]*/[^"/]*")`)

// Traceback is the stack as Python shows it: the innermost frame last, and without
// those of the runtime. The frames of libraries stay: the fault is mostly theirs.
func (m *Marker) Traceback() string {
	var lines []string
	for line := range strings.Lines(m.Stack) {
		if !strings.HasPrefix(line, `  File "<maestro>"`) {
			lines = append(lines, folder.ReplaceAllString(line, `  File ".../$1`))
		}
	}
	if len(lines) == 0 {
		return ""
	}
	slices.Reverse(lines)
	return "Traceback (most recent call last):\n" + strings.Join(lines, "") + model.ErrorProcessCrashed + ": " + m.Cause() + "\n"
}

// mostMarkers bounds the bytes that are read of the file.
const mostMarkers = 1 << 20

func readMarkers(path string) ([]Marker, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostMarkers))
	if err != nil {
		return nil, err
	}
	return ParseMarkers(text), nil
}

// ParseMarkers reads what a process has written, as far as it came (cpython/fault.c).
// Rows that it does not know are skipped.
func ParseMarkers(text []byte) (markers []Marker) {
	var m *Marker
	stack := false
	for line := range bytes.Lines(text) {
		row := strings.TrimRight(string(line), "\n")
		name, value, _ := strings.Cut(row, " ")
		switch {
		case name == "fault":
			markers = append(markers, Marker{Fault: value})
			m, stack = &markers[len(markers)-1], false
		case m == nil:
		case row == "end":
			m = nil
		case stack:
			m.Stack += strings.ToValidUTF8(row, "?") + "\n"
		case row == "stack":
			stack = true
		case name == "status":
			m.Status, _ = strconv.Atoi(value)
		case name == "address":
			m.Address = value
		case name == "owner":
			m.Owner = strings.ToValidUTF8(value, "?")
		case name == "interpreter":
			m.Interpreter, _ = strconv.ParseUint(value, 10, 64)
		case name == "call":
			m.Ticket, _ = strconv.ParseUint(value, 10, 64)
		}
	}
	return markers
}
