package embed

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/cpython"
	"maestro/internal/model"
)

// left are calls that leave behind what computes on. Each returns at once.
var left = map[string]string{
	"loops":           "threading.Thread(target=spin, daemon=True).start()",
	"not a daemon":    "threading.Thread(target=spin).start()",
	"several":         "[threading.Thread(target=spin, daemon=True).start() for _ in range(3)]",
	"raw":             "_thread.start_new_thread(spin, ())",
	"swallows":        "threading.Thread(target=swallow, daemon=True).start()",
	"pool":            "concurrent.futures.ThreadPoolExecutor(2).submit(spin)",
	"module's pool":   "pool.submit(spin)",
	"chain":           "chain()",
	"timer":           "threading.Timer(0, spin).start()",
	"sum":             "threading.Timer(0.2, sum, (range(10**12),)).start()",
	"module's own":    "begin.set()",
	"without the GIL": "threading.Timer(0.2, hashlib.pbkdf2_hmac, ('sha256', b'', b'', 2**31 - 1)).start()",
	"regex":           "threading.Timer(0.2, re.match, (r'(a+)+$', 'a' * 40 + 'b')).start()",
}

// smallBudgets are used up on a busy machine too.
var smallBudgets = budgets{left: cpython.Budget{Most: 50 * time.Millisecond}, own: cpython.Budget{Most: 100 * time.Millisecond}, pool: cpython.Budget{Most: 100 * time.Millisecond}}

const leftCode = `
import _thread, concurrent.futures, hashlib, re, threading
pool = concurrent.futures.ThreadPoolExecutor(2)
def spin():
    while True: pass
begin = threading.Event()
def serve():
    begin.wait()
    spin()
threading.Thread(target=serve, daemon=True).start()
def chain():
    for n in range(1000): pass
    threading.Thread(target=chain).start()
def swallow():
    while True:
        try:
            while True: pass
        except BaseException: pass
`

// What a call leaves behind that computes is stopped; its subtenant keeps its
// interpreter.
func TestThreadsLeftBehind(t *testing.T) {
	t.Parallel()
	for name, line := range left {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stopped := make(chan string, 16)
			h := startPython(t, Options{budgets: smallBudgets, OnTenantLog: func(_ string, line model.LogLine) {
				if line.Level == "warning" {
					stopped <- line.Text
				}
			}})
			e := newTestEngine(h)
			e.define(t, "f", leftCode+"def f(input):\n    "+line+"\n    return 'left'\n")
			e.define(t, "hello", "n = 0\ndef hello(input):\n    global n\n    n += 1\n    return n\n")
			require.JSONEq(t, "1", string(e.call(t, "a", "hello", "null").Output))
			outcome := e.call(t, "a", "f", "null")
			require.Nil(t, outcome.Failure)
			require.JSONEq(t, `"left"`, string(outcome.Output))
			require.Contains(t, <-stopped, "have computed for too long and are stopped")
			eventually(t, func() bool { return evictedIn(h, "a") == 0 }, "they have ended")
			require.JSONEq(t, "2", string(e.call(t, "a", "hello", "null").Output), "in the interpreter that it had")
			if name == "without the GIL" {
				eventually(t, func() bool { return h.Stats().ThreadsParked == 1 }, "what answers no check is parked")
			} else {
				require.Zero(t, h.Stats().ThreadsParked)
			}
		})
	}
}

func evictedIn(h *Host, tenant string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tenants[tenant]
	if t == nil || t.interp == nil {
		return 0
	}
	return t.interp.left.evicted
}

// A thread of the module _thread may not have begun to run when its call ends. It is stopped
// all the same, though the interpreter has no other that would have it watched.
func TestRawThreadLeftBehind(t *testing.T) {
	t.Parallel()
	stopped := make(chan string, 64)
	h := startPython(t, Options{budgets: smallBudgets, OnTenantLog: func(tenant string, line model.LogLine) {
		if line.Level == "warning" {
			stopped <- tenant
		}
	}})
	e := newTestEngine(h)
	e.define(t, "f", "import _thread\ndef spin():\n    while True: pass\ndef f(input):\n    _thread.start_new_thread(spin, ())\n")
	tenants := []string{"a", "b", "c", "d", "e", "g", "h", "i"} // the thread is late in some of them
	if inMain() {
		tenants = tenants[:1]
	}
	for _, tenant := range tenants {
		require.Nil(t, e.call(t, tenant, "f", "null").Failure)
		require.Equal(t, tenant, <-stopped)
		eventually(t, func() bool { return evictedIn(h, tenant) == 0 }, "it has ended")
	}
}

// A thread that is left behind with the GIL, and answers no check, is parked; its
// subtenant goes on in another interpreter.
func TestParkedThreadLeftBehind(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{budgets: smallBudgets})
	e := newTestEngine(h)
	e.define(t, "f", `
import threading
def compare():
    a = b = 1
    for _ in range(64):
        a, b = [a, a], [b, b]
    return a == b
def f(input):
    threading.Timer(0.2, compare).start()
    return "left"
`)
	e.define(t, "hello", "def hello(input):\n    return 1\n")
	require.JSONEq(t, `"left"`, string(e.call(t, "a", "f", "null").Output))
	eventually(t, func() bool { return h.Stats().ThreadsParked == 1 }, "it is parked")
	require.JSONEq(t, "1", string(e.call(t, "a", "hello", "null").Output))
	require.Equal(t, 1, h.Interpreter("a").Leaked)
}

// A task that computes on an event loop after its call is stopped, and the loop
// serves the next calls.
func TestTasksLeftBehind(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	warned := 0
	h := startPython(t, Options{budgets: smallBudgets, OnTenantLog: func(_ string, line model.LogLine) {
		mu.Lock()
		defer mu.Unlock()
		if line.Level == "warning" {
			warned++
		}
	}})
	e := newTestEngine(h)
	e.define(t, "f", `
import asyncio
kept = []
async def spin():
    while True:
        await asyncio.sleep(0)
async def f(input):
    kept.append(asyncio.create_task(spin()))
    return "left"
`)
	e.define(t, "hello", "async def hello(input):\n    return 1\n")
	require.JSONEq(t, `"left"`, string(e.call(t, "a", "f", "null").Output))
	eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return warned > 0 && evictedIn(h, "a") == 0
	}, "it is stopped")
	require.JSONEq(t, "1", string(e.call(t, "a", "hello", "null").Output))
}

// Threads that wait, and those that later calls use, stay.
func TestThreadsThatLaterCallsUse(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "f", `
import queue, threading
from concurrent.futures import ThreadPoolExecutor
jobs, pool, worker = queue.Queue(), None, None
def serve():
    while True:
        number, answer = jobs.get()
        answer.put(number * 2)
def f(input):
    global pool, worker
    if worker is None:
        pool = ThreadPoolExecutor(2)
        worker = threading.Thread(target=serve, daemon=True)
        worker.start()
    answer = queue.Queue()
    jobs.put((input, answer))
    total = pool.submit(lambda: sum(n for n in range(3_000_000)))
    return [answer.get(), total.result() > 0, worker.is_alive()]
`)
	for range 8 { // more than the budget of a thread that is left behind
		outcome := e.call(t, "a", "f", "21")
		require.Nil(t, outcome.Failure)
		require.JSONEq(t, "[42, true, true]", string(outcome.Output))
	}
}

// Processes end with the call that has started them, and what those have started.
func TestProcessesLeftBehind(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "f", `
import os, subprocess
started = []
def f(input):
    if input == "start":
        shell = subprocess.Popen(["/bin/sh", "-c", "sleep 1000 & echo $!; while :; do :; done"], stdout=subprocess.PIPE, text=True)
        started.append(shell)
        started.append(int(shell.stdout.readline()))
        started.append(os.posix_spawn("/bin/sleep", ["sleep", "1000"], {}))
        return len(started)
    shell, grandchild, spawned = started
    ended = os.waitpid(spawned, 0)[1], shell.wait()
    while True:
        try:
            with open(f"/proc/{grandchild}/stat") as stat:
                if stat.read().split()[2] == "Z":
                    break
        except FileNotFoundError:
            break
    return ended
`)
	require.JSONEq(t, "3", string(e.call(t, "a", "f", `"start"`).Output))
	outcome, err := e.callFor(t.Context(), "a", "f", "null", 20*time.Second)
	require.NoError(t, err)
	require.Nil(t, outcome.Failure)
	require.JSONEq(t, "[9, -9]", string(outcome.Output))
}

const poolCode = `
import math
from concurrent.futures import ProcessPoolExecutor
pool, left = None, []
def f(input):
    global pool
    if pool is None:
        pool = ProcessPoolExecutor(1)
    if input == "leave":
        left.append(pool.submit(math.factorial, 10**8))
        return "left"
    return pool.submit(math.sqrt, input).result()
`

// A pool's worker that computes on while no call runs is killed, and the next call gets an interpreter
// whose pools work.
func TestPoolsLeftBehind(t *testing.T) {
	t.Parallel()
	stopped := make(chan string, 16)
	replaced := make(chan Unfit, 16)
	h := startPython(t, Options{budgets: smallBudgets, OnUnfit: func(reason Unfit) { replaced <- reason }, OnTenantLog: func(_ string, line model.LogLine) {
		if line.Level == "warning" {
			stopped <- line.Text
		}
	}})
	e := newTestEngine(h)
	e.define(t, "f", poolCode)
	require.JSONEq(t, `"left"`, string(e.call(t, "a", "f", `"leave"`).Output))
	require.Contains(t, <-stopped, "have computed for too long while no call ran, and are killed")
	if inMain() {
		require.Equal(t, UnfitPools, <-replaced)
		return
	}
	require.JSONEq(t, "2", string(e.call(t, "a", "f", "4").Output))
}

// One that computes for calls is not, nor one that waits.
func TestPoolsThatLaterCallsUse(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{budgets: smallBudgets})
	e := newTestEngine(h)
	e.define(t, "f", `
import os, statistics
from concurrent.futures import ProcessPoolExecutor
pool = None
def f(input):
    global pool
    if pool is None:
        pool = ProcessPoolExecutor(1)
    pool.submit(statistics.mean, range(300_000)).result()
    return pool.submit(os.getpid).result()
`)
	first := string(e.call(t, "a", "f", "null").Output)
	for range 4 {
		require.Equal(t, first, string(e.call(t, "a", "f", "null").Output))
	}
}
