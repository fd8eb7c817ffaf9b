package embed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// deadlocks are programs that wait for ever, or keep the GIL in C code.
var deadlocks = map[string]string{
	"lock":       "import threading\n    lock = threading.Lock()\n    lock.acquire()\n    lock.acquire()",
	"event":      "import threading\n    threading.Event().wait()",
	"queue":      "import queue\n    queue.Queue().get()",
	"join":       "import threading\n    t = threading.Thread(target=threading.Event().wait)\n    t.start()\n    t.join()",
	"socket":     "import socket\n    a, b = socket.socketpair()\n    a.recv(1)",
	"fifo":       "import os, tempfile\n    d = tempfile.mkdtemp()\n    os.mkfifo(d + '/f')\n    open(d + '/f').read()",
	"subprocess": "import subprocess\n    subprocess.run(['sleep', '30'])",
	"regex":      "import re\n    re.match(r'(a+)+$', 'a' * 40 + 'b')",
	"sum":        "sum(range(10**12))",
	"swallows":   "import threading\n    lock = threading.Lock()\n    lock.acquire()\n    while True:\n        try:\n            lock.acquire()\n        except BaseException:\n            pass",
	"threads":    "import threading\n    from concurrent.futures import ThreadPoolExecutor\n    with ThreadPoolExecutor(4) as pool:\n        list(pool.map(lambda n: threading.Event().wait(), range(4)))",
}

// C code that waits or computes ends with its call: no thread is stuck, and the
// subtenant keeps what it has in memory.
func TestDeadlocksAreStopped(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	for name, body := range deadlocks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newTestEngine(h)
			e.define(t, "f", "def f(input):\n    "+body+"\n")
			e.define(t, "after", "def after(input):\n    return 1\n")
			outcome, err := e.callFor(t.Context(), name, "f", "null", 200*time.Millisecond)
			require.NoError(t, err)
			require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
			require.JSONEq(t, "1", string(e.call(t, name, "after", "null").Output))
			eventually(t, func() bool { return busyIn(h, name) == 0 }, "its thread comes back")
			require.Empty(t, h.Interpreter(name).Stuck)
		})
	}
}

// The same of an async function that blocks its event loop.
func TestDeadlocksOfAnEventLoopAreStopped(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "f", "import threading\nasync def f(input):\n    threading.Event().wait()\n")
	e.define(t, "after", "async def after(input):\n    return 1\n")
	for range 3 {
		outcome, err := e.callFor(t.Context(), "a", "f", "null", 100*time.Millisecond)
		require.NoError(t, err)
		require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
		require.JSONEq(t, "1", string(e.call(t, "a", "after", "null").Output))
	}
	eventually(t, func() bool { return h.Stats().Tasks == 0 }, "they have ended")
	require.Zero(t, h.Stats().Stuck())
}

// Many deadlocks of one subtenant leave nothing stuck, and no other one notices.
func TestNeighboursOfDeadlocks(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{MaxThreads: 128})
	e := newTestEngine(h)
	e.define(t, "f", "import threading\ndef f(input):\n    lock = threading.Lock()\n    lock.acquire()\n    lock.acquire()\n")
	e.define(t, "hello", "def hello(input):\n    return 'hello'\n")
	over := make(chan error)
	for range 32 {
		go func() {
			_, err := e.callFor(t.Context(), "deadlocked", "f", "null", 300*time.Millisecond)
			over <- err
		}()
	}
	for ended := 0; ended < 32; {
		select {
		case err := <-over:
			require.NoError(t, err)
			ended++
		default:
			require.JSONEq(t, `"hello"`, string(e.call(t, "neighbour", "hello", "null").Output))
		}
	}
	eventually(t, func() bool { return busyIn(h, "deadlocked") == 0 }, "their threads come back")
	require.Zero(t, h.Stats().Stuck())
	require.JSONEq(t, `"hello"`, string(e.call(t, "deadlocked", "hello", "null").Output))
}

// Code that answers no check is parked: it computes no more, its subtenant goes on in
// another interpreter, and others are made and ended as before.
func TestParkedThreads(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"with the GIL":    "a = b = 1\n    for _ in range(64):\n        a, b = [a, a], [b, b]\n    return a == b",
		"without the GIL": "import hashlib\n    hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startPython(t, Options{IdleAfter: 50 * time.Millisecond})
			e := newTestEngine(h)
			e.define(t, "f", "def f(input):\n    "+body+"\n")
			e.define(t, "hello", "def hello(input):\n    return 'hello'\n")
			outcome, err := e.callFor(t.Context(), "a", "f", "null", time.Second)
			require.NoError(t, err)
			require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
			eventually(t, func() bool { return h.Stats().ThreadsParked == 1 }, "its thread is parked")
			for _, tenant := range []string{"a", "b", "c", "d"} {
				ended := h.Stats().InterpretersEnded
				require.JSONEq(t, `"hello"`, string(e.call(t, tenant, "hello", "null").Output))
				eventually(t, func() bool { return h.Stats().InterpretersEnded > ended }, "its interpreter is ended")
			}
			require.Equal(t, 1, h.Interpreter("a").Parked)
		})
	}
}

// A call that computes on is given up long before one that waits, by a worker and by an event loop.
func TestCallsThatComputeOnAreGivenUpSooner(t *testing.T) {
	t.Parallel()
	for name, definition := range map[string]string{"worker": "def", "event loop": "async def"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startPython(t, Options{StuckAfter: time.Hour})
			e := newTestEngine(h)
			e.define(t, "f", "import hashlib\n"+definition+" f(input):\n    hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)\n")
			outcome, err := e.callFor(t.Context(), "a", "f", "null", time.Second)
			require.NoError(t, err)
			require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
			eventually(t, func() bool { return h.Stats().ThreadsParked == 1 }, "its thread is parked")
		})
	}
}
