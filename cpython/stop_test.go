package cpython

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stopped starts a function, waits until it has printed so many lines, and
// climbs to that rung of the ladder again and again until the call has ended.
func stopped(t *testing.T, st *stage, name string, lines int, rung Rung) CallResult {
	t.Helper()
	args := st.args(name, "{}")
	before := len(st.printed())
	done := make(chan CallResult, 1)
	go func() {
		runtime.LockOSThread()
		done <- st.in.Call(args)
		st.in.DropThread()
	}()
	require.Eventually(t, func() bool { return len(st.printed()) >= before+lines }, 20*time.Second, time.Millisecond)
	for {
		onLockedThread(func() { st.in.Stop(args.Frame>>20, rung) })
		select {
		case result := <-done:
			return result
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func TestStopByException(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"loops", `def loops(input):
    print("ready")
    while True:
        try:
            pass
        except Exception:
            pass
`, "nested", `def nested(input):
    return loops({})
`, "sleeps", `import time
def sleeps(input):
    print("ready")
    time.sleep(1000)
`, "pools", `from concurrent.futures import ThreadPoolExecutor
def spin(n):
    print("ready")
    while True:
        pass
def pools(input):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(spin, range(2)))
`, "awaits", `import asyncio
async def awaits(input):
    print("ready")
    await asyncio.sleep(1000)
`, "finally_loops", `def finally_loops(input):
    print("ready")
    try:
        while True:
            pass
    finally:
        while True:
            pass
`, "after", `def after(input):
    total = 0
    for n in range(200_000):
        total += n
    return total
`)
	for _, name := range []string{"loops", "nested", "sleeps", "pools", "awaits", "finally_loops"} {
		lines := 1
		if name == "pools" { // both are spinning: a thread that dies before it has taken its work leaves the call waiting for ever
			lines = 2
		}
		result := stopped(t, st, name, lines, 0)
		require.True(t, result.Stopped, "%s: %s, %v", name, result.Output, result.Exception)
		require.Equal(t, "Stopped", result.Exception.Type)
	}
	require.Equal(t, "19999900000", st.output("after", "{}"))
	for _, step := range st.taken() {
		require.Equal(t, ExceptionStopped, step.Exception.Kind)
	}
}

func TestStopByTrace(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"swallows", `def swallows(input):
    print("ready")
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
`, "after", `def after(input):
    total = 0
    for n in range(200_000):
        total += n
    return total
`)
	result := stopped(t, st, "swallows", 1, 1)
	require.True(t, result.Stopped, "%s, %v", result.Output, result.Exception)
	require.Equal(t, "19999900000", st.output("after", "{}"))
}

// A call that is stopped leaves another one of the same interpreter alone, also
// while the trace is on.
func TestStopHitsOneCallOnly(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"swallows", `def swallows(input):
    print("ready")
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
`, "waits", `import threading
GO = threading.Event()
def waits(input):
    if input:
        GO.set()
        return
    while not GO.wait(0.001):
        pass
    return "whole"
`)
	neighbour := make(chan CallResult, 1)
	go func() { neighbour <- st.call("waits", "false") }()
	require.True(t, stopped(t, st, "swallows", 1, 1).Stopped)
	st.output("waits", "true")
	result := <-neighbour
	require.Equal(t, `"whole"`, string(result.Output), "%v", result.Exception)
}

func TestStopOfAnEndedCallIsNothing(t *testing.T) {
	t.Parallel()
	st := setup(t, "quick", "def quick(input): return sum(range(1000))\n")
	onLockedThread(func() {
		for range 200 {
			args := st.args("quick", "{}")
			ready := make(chan struct{})
			go func() {
				runtime.LockOSThread()
				close(ready)
				st.in.Stop(args.Frame>>20, RungRaise)
			}()
			<-ready
			result := st.in.Call(args)
			if result.Exception != nil && !result.Stopped {
				t.Errorf("%v", result.Exception)
			}
			// The next call on this thread meets nothing of it.
			result = st.in.Call(st.args("quick", "{}"))
			if string(result.Output) != "499500" {
				t.Errorf("got %s, %v", result.Output, result.Exception)
			}
		}
		st.in.DropThread()
	})
}

func TestWakeSleeper(t *testing.T) {
	t.Parallel()
	st := setup(t, "sleeps", `import time, threading
def sleeps(input):
    seen = []
    def nap():
        try:
            print("ready")
            time.sleep(1000)
        except BaseException as e:
            seen.append(type(e).__name__)
    thread = threading.Thread(target=nap)
    thread.start()
    nap()
    thread.join()
    try:
        time.sleep(0)
    except BaseException as e:
        seen.append(type(e).__name__)
    return seen
`)
	args := st.args("sleeps", "{}")
	done := make(chan CallResult, 1)
	go func() {
		runtime.LockOSThread()
		done <- st.in.Call(args)
		st.in.DropThread()
	}()
	require.Eventually(t, func() bool { return len(st.printed()) == 2 }, 20*time.Second, time.Millisecond)
	st.in.WakeSleeper(args.Frame >> 20)
	require.JSONEq(t, `["Stopped","Stopped","Stopped"]`, string((<-done).Output))
}

func TestSleepIsTimeSleep(t *testing.T) {
	t.Parallel()
	st := setup(t, "naps", `import time, decimal
def naps(input):
    before = time.monotonic()
    time.sleep(0.02); time.sleep(0); time.sleep(decimal.Decimal("0.001")); time.sleep(True * 0)
    seen = [time.monotonic() - before >= 0.021]
    for wrong in (-1, float("nan"), "1", 1e300):
        try:
            time.sleep(wrong)
        except Exception as e:
            seen.append(type(e).__name__)
    return seen
`)
	require.JSONEq(t, `[true,"ValueError","ValueError","TypeError","OverflowError"]`, st.output("naps", "{}"))
}

// Whether an interpreter can be trusted after a stop: a sleep that is ended
// raises by itself, anything else may have been half way through something.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"sleeps", "import time\ndef sleeps(input):\n    print('ready')\n    time.sleep(1000)\n",
		"loops", "def loops(input):\n    print('ready')\n    while True: pass\n",
		"fine", "def fine(input):\n    return 1\n",
		"stubborn", `import time
def stubborn(input):
    print('ready')
    while True:
        try:
            time.sleep(1000)
        except BaseException:
            pass
`)
	require.False(t, stopped(t, st, "sleeps", 1, 0).Interrupted)
	require.True(t, stopped(t, st, "loops", 1, 0).Interrupted)
	require.True(t, stopped(t, st, "stubborn", 1, 1).Interrupted)
	require.False(t, st.call("fine", "{}").Interrupted)
}

// C code that waits or computes is stopped where it asks whether to go on, and its
// interpreter is left in order.
func TestStopByCheck(t *testing.T) {
	t.Parallel()
	for name, body := range waits {
		t.Run(name, func(t *testing.T) { testStopByCheck(t, body, false) })
	}
	for name, body := range computations {
		t.Run(name, func(t *testing.T) { testStopByCheck(t, body, true) })
	}
}

func testStopByCheck(t *testing.T, body string, knock bool) {
	t.Parallel()
	st := setup(t, "f", "def f(input):\n    print('ready')\n    "+body+"\n",
		"after", "def after(input):\n    return sum(range(200_000))\n")
	result := checkedStop(t, st, knock)
	// Large integers make no check: memory is refused.
	refused := knock && result.Exception != nil && result.Exception.Type == "MemoryError"
	require.True(t, result.Stopped || refused, "%s, %v", result.Output, result.Exception)
	require.Equal(t, "19999900000", st.output("after", "{}"))
}

// checkedStop starts f and stops it by raising, and by knocking where that waits for the GIL.
func checkedStop(t *testing.T, st *stage, knock bool) CallResult {
	t.Helper()
	args := st.args("f", "{}")
	ticket := args.Frame >> 20
	done, over := make(chan CallResult, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		done <- st.in.Call(args)
		st.in.DropThread()
	}()
	require.Eventually(t, func() bool { return len(st.printed()) > 0 }, 20*time.Second, time.Millisecond)
	raising := make(chan struct{})
	go func() {
		defer close(raising)
		for {
			onLockedThread(func() { st.in.Stop(ticket, RungRaise) })
			select {
			case <-over:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	defer func() { <-raising }()
	defer close(over)
	for {
		select {
		case result := <-done:
			return result
		case <-time.After(20 * time.Millisecond):
			if knock {
				st.in.Knock(ticket)
			}
		}
	}
}

// waits are programs that wait for ever, with the GIL released.
var waits = map[string]string{
	"lock":            "import threading\n    lock = threading.Lock()\n    lock.acquire()\n    lock.acquire()",
	"rlock elsewhere": "import threading\n    lock = threading.RLock()\n    threading.Thread(target=lock.acquire).start()\n    import time\n    time.sleep(0.1)\n    lock.acquire()",
	"event":           "import threading\n    threading.Event().wait()",
	"condition":       "import threading\n    c = threading.Condition()\n    with c:\n        c.wait()",
	"queue":           "import queue\n    queue.Queue().get()",
	"simple queue":    "import queue\n    queue.SimpleQueue().get()",
	"join":            "import threading\n    done = threading.Event()\n    t = threading.Thread(target=done.wait, args=(20,), daemon=True)\n    t.start()\n    try:\n        t.join()\n    finally:\n        done.set()",
	"semaphore":       "import threading\n    threading.Semaphore(0).acquire()",
	"barrier":         "import threading\n    threading.Barrier(2).wait()",
	"recv":            "import socket\n    a, b = socket.socketpair()\n    a.recv(1)",
	"accept":          "import socket\n    s = socket.create_server(('127.0.0.1', 0))\n    s.accept()",
	"send":            "import socket\n    a, b = socket.socketpair()\n    a.sendall(b'x' * 10**8)",
	"select":          "import select\n    select.select([], [], [], 30)",
	"poll":            "import select\n    select.poll().poll()",
	"epoll":           "import select\n    select.epoll().poll()",
	"pipe":            "import os\n    r, w = os.pipe()\n    os.read(r, 1)",
	"pipe file":       "import os\n    r, w = os.pipe()\n    open(r).read()",
	"fifo":            "import os, tempfile\n    with tempfile.TemporaryDirectory() as d:\n        os.mkfifo(d + '/f')\n        open(d + '/f').read()",
	"flock":           "import fcntl, tempfile\n    with tempfile.NamedTemporaryFile() as f, open(f.name) as g:\n        fcntl.flock(f, fcntl.LOCK_EX)\n        fcntl.flock(g, fcntl.LOCK_EX)",
	"pause":           "import signal\n    signal.pause()",
	"wait":            "import subprocess\n    subprocess.Popen(['sleep', '30']).wait()",
	"asyncio":         "import asyncio\n    asyncio.run(asyncio.sleep(30))",
}

// computations are programs that keep the GIL.
var computations = map[string]string{
	"regex":          "import re\n    re.match(r'(a+)+$', 'a' * 40 + 'b')",
	"regex of bytes": "import re\n    re.match(rb'(a+)+$', b'a' * 40 + b'b')",
	"power":          "10 ** 10 ** 8",
	"factorial":      "import math\n    math.factorial(10**7)",
	"power to text":  "import sys\n    sys.set_int_max_str_digits(0)\n    str(3 ** 30000000)",
	"sum":            "sum(range(10**12))",
	"large range":    "sum(range(10**30, 10**40))",
	"any":            "import itertools\n    any(itertools.repeat(0))",
	"deque":          "import collections, itertools\n    collections.deque(itertools.count(), maxlen=0)",
	"max of map":     "import itertools\n    max(map(int, itertools.repeat(1)))",
	"iter":           "list(filter(None, iter(int, 1)))",
	"in":             "import itertools\n    return -1 in itertools.count()",
	"product":        "import collections, itertools\n    collections.deque(itertools.product(range(100), repeat=20), maxlen=0)",
	"permutations":   "import collections, itertools\n    collections.deque(itertools.permutations(range(30)), maxlen=0)",
}
