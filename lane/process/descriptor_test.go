package process

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// tries is a function that uses each descriptor of its process, and closes them all.
const tries = `
import mmap, os
def attempt(found, fd, name, use):
    try:
        use(fd)
        found.append([fd, name])
    except (OSError, ValueError):
        pass
def tries(input):
    found = []
    for fd in range(3, 64):
        try:
            target = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            continue
        if not (target.startswith("socket:") or "memfd" in target):
            continue
        for name, use in {
            "dup": os.dup, "pread": lambda fd: os.pread(fd, 1, 0), "pwrite": lambda fd: os.pwrite(fd, b"x", 0),
            "mmap": lambda fd: mmap.mmap(fd, 100), "seek": lambda fd: os.lseek(fd, 0, 0), "open": lambda fd: open(fd, "rb", closefd=False).read(1),
        }.items():
            attempt(found, fd, name, use)
        attempt(found, fd, "close", os.close)
    os.closerange(3, 4096)
    return found
`

// Code can neither use nor close what connects its process to the server.
func TestConnectionOfAChildIsKept(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{}))
	s.define("tries", tries)
	s.define("f", "import os\ndef f(input):\n    print('line')\n    return os.getpid()\n")
	before, _ := s.must("f", "1")
	for range 2 {
		found, _ := s.must("tries", "null")
		require.JSONEq(t, "[]", found)
	}
	after, r := s.must("f", "1")
	require.Equal(t, before, after)
	require.Equal(t, []string{"line"}, r.lines)
}

// A process that code has forked has none of it, and the numbers are free for its own files.
func TestConnectionInAFork(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{}))
	s.define("f", `
import os
def f(input):
    kept = {fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}") and ("socket:" in os.readlink(f"/proc/self/fd/{fd}") or "memfd" in os.readlink(f"/proc/self/fd/{fd}"))}
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        files = [os.open("/dev/zero", os.O_RDONLY) for _ in range(20)]
        for fd in files:
            assert os.read(fd, 1) == b"\0"
        os.write(into, b"read" if kept <= set(files) else repr((kept, files)).encode())
        os._exit(0)
    os.close(into)
    said = os.read(out, 1000).decode()
    return [len(kept), said, os.waitpid(pid, 0)[1]]
`)
	output, _ := s.must("f", "null")
	require.JSONEq(t, `[3, "read", 0]`, output)
}
