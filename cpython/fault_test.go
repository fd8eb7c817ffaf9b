package cpython

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit/crashmodule"
)

// crashCase is a way to end the process, as the function "crashes" does it.
type crashCase struct {
	name   string
	code   string // of the function, after its imports
	fault  string // the marker's first word
	signal syscall.Signal
	status int
	stack  string // a part of the marker
	fixed  int    // the release of 3.14 from which on CPython raises an exception instead; 0: none
}

// release is that of the loaded CPython 3.14.
func release(t *testing.T) int {
	t.Helper()
	text, _, _ := strings.Cut(strings.TrimPrefix(Version(), "3.14."), " ")
	number, err := strconv.Atoi(text)
	require.NoError(t, err)
	return number
}

const intoThread = `def crashes(input):
    import threading
    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
`

var crashCases = []crashCase{
	{name: "null pointer", code: "def crashes(input):\n    crash.null()\n", fault: "SIGSEGV", signal: syscall.SIGSEGV, stack: `  File "<crashes v1>", line 8, in crashes` + "\n"},
	{name: "null pointer without the GIL", code: "def crashes(input):\n    crash.null_released()\n", fault: "SIGSEGV", signal: syscall.SIGSEGV, stack: `  File "<crashes v1>", line 8, in crashes` + "\n"},
	{name: "null pointer in a thread", code: "def in_thread():\n    crash.null_released()\n" + intoThread, fault: "SIGSEGV", signal: syscall.SIGSEGV, stack: `  File "<crashes v1>", line 8, in in_thread` + "\n"},
	{name: "division", code: "def crashes(input):\n    crash.divide()\n", fault: "SIGFPE", signal: syscall.SIGFPE, stack: "in crashes\n"},
	{name: "illegal instruction", code: "def crashes(input):\n    crash.trap()\n", fault: "SIGILL", signal: syscall.SIGILL, stack: "in crashes\n"},
	{name: "abort", code: "def crashes(input):\n    crash.aborts()\n", fault: "SIGABRT", signal: syscall.SIGABRT, stack: "in crashes\n"},
	{name: "fatal error of Python", code: "def crashes(input):\n    crash.fatal()\n", fault: "SIGABRT", signal: syscall.SIGABRT, stack: "in crashes\n"},
	{name: "exit in C", code: "def crashes(input):\n    crash.exits()\n", fault: "exit", status: 3, stack: "in crashes\n"},
	{name: "C stack overflow", code: "def crashes(input):\n    crash.overflow()\n", fault: "SIGSEGV", signal: syscall.SIGSEGV, stack: "in crashes\n"},
	{name: "C stack overflow in a thread", code: "def in_thread():\n    crash.overflow()\n" + intoThread, fault: "SIGSEGV", signal: syscall.SIGSEGV, stack: "in in_thread\n"},
	{name: "hash of nested tuples", fixed: 10, code: "def crashes(input):\n    value = ()\n    for _ in range(10**6):\n        value = (value,)\n    hash(value)\n", fault: "SIGSEGV", signal: syscall.SIGSEGV, stack: "line 11, in crashes\n"},
	{name: "truncated mapping", code: `def crashes(input):
    import hashlib, mmap, tempfile
    with tempfile.TemporaryFile() as file:
        file.truncate(65536)
        mapped = mmap.mmap(file.fileno(), 65536)
        file.truncate(0)
        return hashlib.sha256(mapped).hexdigest() # without the GIL: no OSError can be raised
`, fault: "SIGBUS", signal: syscall.SIGBUS, stack: "line 13, in crashes\n"},
	{name: "deep stack", code: "def crashes(input, depth=500):\n    return crashes(input, depth - 1) if depth else crash.null()\n", fault: "SIGSEGV", signal: syscall.SIGSEGV, stack: "  ... 401 frames\n"},
	{name: "sibling", code: "def crashes(input):\n    return inner(1)\n", fault: "SIGSEGV", signal: syscall.SIGSEGV, stack: "  File \"<inner v2>\", line 8, in inner\n  File \"<crashes v1>\", line 8, in crashes\n"},
	{name: "async function", code: "async def crashes(input):\n    return await waits()\nasync def waits():\n    crash.null()\n", fault: "SIGSEGV", signal: syscall.SIGSEGV, stack: "line 10, in waits\n  File \"<crashes v1>\", line 8, in crashes\n"},
}

// The test runs itself again for each case, as the process that ends.
const crashVariable = "MAESTRO_TEST_CRASH"

func TestMarkersOfCrashes(t *testing.T) {
	t.Parallel()
	if order := os.Getenv(crashVariable); order != "" {
		crash(t, order)
	}
	folder := crashmodule.Build(t)
	for _, c := range crashCases {
		if c.fixed > 0 && release(t) >= c.fixed {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "marker")
			order, err := json.Marshal([]string{"import sys\nsys.path.append(" + quoted(folder) + ")\ntry:\n    import crashes as crash\nfinally:\n    sys.path.pop()\n", c.code, c.name})
			require.NoError(t, err)
			child := exec.Command(os.Args[0], "-test.run", "^TestMarkersOfCrashes$")
			child.Env = append(os.Environ(), crashVariable+"="+string(order), markerVariable+"="+path)
			said, err := child.CombinedOutput()
			var ended *exec.ExitError
			require.ErrorAs(t, err, &ended, "%s", said)
			status := ended.Sys().(syscall.WaitStatus)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			t.Logf("%s", text)
			if c.signal != 0 {
				require.True(t, status.Signaled(), "%s", said)
				require.Equal(t, c.signal, status.Signal())
			} else {
				require.Equal(t, c.status, status.ExitStatus(), "%s", said)
			}
			require.Regexp(t, "^fault "+c.fault+"\n", string(text))
			require.Contains(t, string(text), "\nowner someone\n")
			require.Contains(t, string(text), "\ncall 1000001\n")
			require.Contains(t, string(text), c.stack)
			require.Regexp(t, "\nend\n$", string(text))
			require.Contains(t, string(said), "maestro: the server dies of "+c.fault)
		})
	}
}

func quoted(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}

// crash never returns.
func crash(t *testing.T, order string) {
	var parts []string
	require.NoError(t, json.Unmarshal([]byte(order), &parts))
	st := setup(t, "crashes", parts[0]+parts[1], "inner", parts[0]+"def inner(input):\n    crash.null()\n")
	st.in.SetOwner("someone")
	stages.lastCall.Store(1_000_000)
	if parts[2] == "async function" {
		l := startLoop(t, st)
		stages.lastCall.Store(1_000_000)
		l.result("crashes", "{}")
	}
	st.output("crashes", "{}")
	t.Fatal("it is still there")
}

// The address 0 in Go's own code is a panic as before, also where a call of Python has
// led there.
func TestGoFaultInCallback(t *testing.T) {
	t.Parallel()
	st := setup(t, "outer", "def outer(input):\n    return faults(1)\n", "faults", "def faults(input): return 1\n")
	exc := st.failure("outer", "{}")
	require.Contains(t, exc.Message, "internal error")
	require.Panics(t, func() { dereference(nil) })
	written, err := os.ReadFile(watched)
	require.NoError(t, err)
	require.Empty(t, string(written))
}

func TestRangeOfGoCode(t *testing.T) {
	t.Parallel()
	from, to := goCode()
	for _, inside := range []any{TestRangeOfGoCode, os.ReadFile, json.Marshal, require.Panics} {
		pc := reflect.ValueOf(inside).Pointer()
		require.True(t, pc >= from && pc < to)
	}
	require.Greater(t, to-from, uintptr(1<<20))
}
