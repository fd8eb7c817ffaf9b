package embed

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Threads that wait for work of a version that is out of use never end by themselves. The
// interpreter is replaced, so that their number does not grow with each change.
func TestThreadsOfVersionsOutOfUse(t *testing.T) {
	t.Parallel()
	const changes = 4 // the newest version and two older ones stay loaded
	for _, test := range []struct {
		name, code string
		replaced   bool
	}{
		{"its own thread", "import queue, threading\njobs = queue.Queue()\ndef work():\n    while True:\n        jobs.get()\nthreading.Thread(target=work, daemon=True).start()\n", true},
		{"one of the module _thread", "import _thread, queue\njobs = queue.Queue()\ndef work():\n    while True:\n        jobs.get()\n_thread.start_new_thread(work, ())\n", true},
		{"one that a library runs", "import logging.handlers, queue\nlistener = logging.handlers.QueueListener(queue.Queue())\nlistener.start()\n", true},
		{"workers of a pool, which end with it", "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\npool.submit(print)\n", false},
		{"one that has ended", "import threading\nthread = threading.Thread(target=print)\nthread.start()\nthread.join()\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			replaced := make(chan Unfit, 16)
			h := startPython(t, Options{OnUnfit: func(reason Unfit) { replaced <- reason }})
			e := newTestEngine(h)
			e.define(t, "counts", "n = 0\ndef counts(input):\n    global n\n    n += 1\n    return n\n")
			require.JSONEq(t, "1", string(e.call(t, "a", "counts", "null").Output))
			for change := range changes {
				e.define(t, "f", test.code+fmt.Sprintf("def f(input):\n    return %d\n", change))
				require.JSONEq(t, fmt.Sprint(change), string(e.call(t, "a", "f", "null").Output))
			}
			if inMain() && test.replaced {
				require.Equal(t, UnfitThreads, <-replaced)
				return
			}
			want := "2"
			if test.replaced {
				want = "1"
			}
			require.JSONEq(t, want, string(e.call(t, "a", "counts", "null").Output))
			require.Empty(t, replaced)
		})
	}
}

// Without a builtin no later call gets far, of any function of the subtenant: the interpreter is replaced.
func TestBuiltinsTakenAway(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, code string
		replaced   bool
	}{
		{"set to None", "builtins.len = None", true},
		{"deleted", "del builtins.isinstance", true},
		{"from a module's view", "__builtins__['print'] = 1", true},
		{"caught by a patch", "with mock.patch('builtins.open', lambda *a: None):\n        open(1)", false},
		{"replaced by another", "builtins.print = lambda *a: None", false},
		{"of a library, put there and taken away", "builtins._ = str\n    del builtins._", false},
		{"one for people", "builtins.input = None\n    del builtins.exit", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			replaced := make(chan Unfit, 16)
			h := startPython(t, Options{OnUnfit: func(reason Unfit) { replaced <- reason }})
			e := newTestEngine(h)
			e.define(t, "counts", "n = 0\ndef counts(input):\n    global n\n    n += 1\n    return [n, len(input), isinstance(n, int)]\n")
			require.JSONEq(t, "[1,1,true]", string(e.call(t, "a", "counts", "[0]").Output))
			e.define(t, "f", "import builtins\nfrom unittest import mock\ndef f(input):\n    "+test.code+"\n")
			require.JSONEq(t, "null", string(e.call(t, "a", "f", "null").Output))
			if inMain() && test.replaced {
				require.Equal(t, UnfitSpoilt, <-replaced)
				return
			}
			want := "[2,1,true]"
			if test.replaced {
				want = "[1,1,true]"
			}
			require.JSONEq(t, want, string(e.call(t, "a", "counts", "[0]").Output))
			require.Empty(t, replaced)
		})
	}
}

// A thread that has just been started counts before it has a frame, which takes it long where
// processors are few. Here it has to wait until the caller gives up the GIL.
func TestThreadsOfVersionsOutOfUseBeforeTheyBegin(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "f", `
import _thread, sys, threading
is_running = threading.Thread.start.__globals__["_is_running"]
ended = _thread.allocate_lock()
def work():
    ended.release()
def f(input):
    here, interval = sys.modules[__name__], sys.getswitchinterval()
    before = is_running(here)
    ended.acquire()
    sys.setswitchinterval(1000)
    _thread.start_new_thread(work, ())
    started = is_running(here)
    sys.setswitchinterval(interval)
    ended.acquire(timeout=60)
    while is_running(here) and threading.Event().wait(0.001) is False:
        pass
    return [before, started]
`)
	require.JSONEq(t, "[false, true]", string(e.call(t, "a", "f", "null").Output))
}

// catch_warnings holds for its own call, also while others have it too.
func TestWarningsOfCallsAtOnce(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "f", `
import threading, warnings
both = threading.Barrier(2)
def f(input):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        both.wait(30)
        warnings.warn(input)
        both.wait(30)
    return [str(warning.message) for warning in caught]
`)
	e.define(t, "filters", "import warnings\ndef filters(input):\n    return [str(rule[0]) for rule in warnings.filters]\n")
	before := string(e.call(t, "a", "filters", "null").Output)
	other := make(chan string, 1)
	go func() {
		outcome, err := e.callFor(t.Context(), "a", "f", `"one"`, time.Minute)
		if err != nil || outcome.Failure != nil {
			other <- fmt.Sprint(err, outcome.Failure)
			return
		}
		other <- string(outcome.Output)
	}()
	require.JSONEq(t, `["two"]`, string(e.call(t, "a", "f", `"two"`).Output))
	require.JSONEq(t, `["one"]`, <-other)
	require.JSONEq(t, before, string(e.call(t, "a", "filters", "null").Output), "and leaves nothing behind")
}
