package cpython

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// openers are ways to open descriptors without an end; each keeps them in kept.
var openers = map[string]string{
	"open":     "kept.append(os.open('/dev/null', os.O_RDONLY))",
	"file":     "kept.append(open('/dev/null'))",
	"pipe":     "kept.append(os.pipe())",
	"socket":   "kept.append(socket.socket())",
	"pair":     "kept.append(socket.socketpair())",
	"dup":      "kept.append(os.dup(0))",
	"scandir":  "kept.append(os.scandir('/'))",
	"epoll":    "kept.append(select.epoll())",
	"eventfd":  "kept.append(os.eventfd(0))",
	"tempfile": "kept.append(tempfile.TemporaryFile())",
	"fcntl":    "kept.append(fcntl.fcntl(0, fcntl.F_DUPFD, 0))",
	"pty":      "kept.append(os.openpty())",
	"thread":   "t = threading.Thread(target=open_one)\n            t.start()\n            t.join()\n            if errors: raise errors[0]",
}

func TestDescriptorsBeyondTheirBound(t *testing.T) {
	t.Parallel()
	for name, opener := range openers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := setupLimited(t, Limits{Descriptors: 50}, "opens", `import fcntl, os, select, socket, tempfile, threading
kept, errors = [], []
def open_one():
    try:
        kept.append(os.open('/dev/null', os.O_RDONLY))
    except OSError as error:
        errors.append(error)
def opens(input):
    try:
        for n in range(200):
            `+opener+`
    except OSError as error:
        return [error.errno, n]
`, "closes", `import gc, os
def closes(input):
    import sys
    kept = sys.modules['functions.opens'].kept
    for fd in kept:
        for one in fd if type(fd) is tuple else [fd]:
            os.close(one) if type(one) is int else one.close()
    kept.clear()
    for _ in range(60):
        open('/dev/null').close()
    return 'open again'
`)
			first := st.output("opens", "{}")
			require.Contains(t, []string{"[24,50]", "[24,25]"}, first, "two at a time, or one")
			require.Equal(t, "[24,0]", st.output("opens", "{}"), "those of an ended call count")
			neighbour := setupLimited(t, Limits{Descriptors: 50}, "opens", "import os\ndef opens(input):\n    return len([os.open('/dev/null', 0) for _ in range(50)])\n")
			require.Equal(t, "50", neighbour.output("opens", "{}"))
			require.Equal(t, `"open again"`, st.output("closes", "{}"))
		})
	}
}

func TestThreadsBeyondTheirBound(t *testing.T) {
	t.Parallel()
	st := setupLimited(t, Limits{Threads: 20}, "begins", `import asyncio, concurrent.futures, threading, _thread
def begins(input):
    go = threading.Event()
    threads = []
    try:
        for n in range(100):
            if input:
                threads.append(threading.Thread(target=go.wait))
                threads[-1].start()
            else:
                _thread.start_new_thread(go.wait, ())
    except RuntimeError as error:
        return [n, str(error)]
    finally:
        go.set()
        for t in threads[:20]:
            t.join()
`, "pools", `import concurrent.futures
def pools(input):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        return sum(pool.map(abs, range(100)))
`)
	text := `"can't start new thread: the code of this subtenant runs 20 threads, which is its bound. Wait for some of them to end, give pools fewer workers, or have MAX_FUNCTION_THREADS raised"`
	require.Equal(t, "[20,"+text+"]", st.output("begins", "true"))
	require.Equal(t, "4950", st.output("pools", "{}"), "all of them have ended")
	require.Equal(t, "[20,"+text+"]", st.output("begins", "false"))
}
