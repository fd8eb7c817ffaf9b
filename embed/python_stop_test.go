package embed

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// endless are programs that do not end by themselves. kept says whether the
// subtenant's interpreter can be kept afterwards.
var endless = map[string]struct {
	body string
	kept bool
}{
	"loop":           {"while True: pass", false},
	"comprehension":  {"return sum(1 for i in iter(int, 1))", false},
	"catches":        {"while True:\n        try:\n            while True: pass\n        except Exception: continue", false},
	"catches all":    {"while True:\n        try:\n            while True: pass\n        except BaseException: continue", false},
	"finally":        {"try:\n        while True: pass\n    finally:\n        while True: pass", false},
	"sleep":          {"import time\n    time.sleep(1e6)", true},
	"big number":     {"sum(range(2 * 10**8))", false},
	"lock":           {"import threading\n    lock = threading.Lock()\n    lock.acquire()\n    lock.acquire(timeout=5)", false},
	"sibling":        {"while True: other(1)", false},
	"sibling sleeps": {"while True: sleeper(1)", true},
}

func defineEndless(t *testing.T, e *testEngine) {
	t.Helper()
	e.define(t, "other", "def other(x):\n    return x\n")
	e.define(t, "sleeper", "import time\ndef sleeper(x):\n    time.sleep(1e6)\n")
	e.define(t, "state", "n = 0\ndef state(x):\n    global n\n    n += 1\n    return n\n")
}

// For any function, its caller has an answer at the deadline, the next call of
// the same subtenant works, and so do those of others.
func TestPythonDeadline(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	defer eventually(t, func() bool { s := h.Stats(); return s.Stuck()+s.ThreadsBusy == 0 }, "stuck calls end")
	for name, program := range endless {
		t.Run(name, func(t *testing.T) {
			e := newTestEngine(h)
			defineEndless(t, e)
			e.define(t, "f", "def f(input):\n    "+program.body+"\n")
			require.JSONEq(t, "1", string(e.call(t, name, "state", "null").Output))

			limit := 100 * time.Millisecond
			if program.kept {
				limit = time.Second // on a busy machine too it sleeps by then
			}
			outcome, err := e.callFor(t.Context(), name, "f", "null", limit)
			require.NoError(t, err)
			require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)

			require.JSONEq(t, "1", string(e.call(t, "neighbour of "+name, "state", "null").Output))
			after := e.call(t, name, "state", "null")
			require.Nil(t, after.Failure)
			if program.kept {
				require.JSONEq(t, "2", string(after.Output), "in the interpreter that it had")
				eventually(t, func() bool { return busyIn(h, name) == 0 }, "its thread comes back")
			}
		})
	}
}

// busyIn is how many threads are in calls of the tenant, stuck ones not counted.
func busyIn(h *Host, tenant string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tenants[tenant]
	if t == nil {
		return 0
	}
	return t.active
}

func TestPythonCancel(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "f", "def f(input):\n    print('here')\n    while True: pass\n")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for {
			e.mu.Lock()
			begun := len(e.logs) > 0
			e.mu.Unlock()
			if begun {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	outcome, err := e.callFor(ctx, "a", "f", "null", time.Minute)
	require.NoError(t, err)
	require.Equal(t, model.FailureCancelled, outcome.Failure.Kind)
	eventually(t, func() bool { return busyIn(h, "a") == 0 }, "its thread comes back")
}

// A stop must never hit the call after the one that it was meant for.
func TestPythonStopDoesNotLeakIntoTheNextCall(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{MinThreads: 1})
	e := newTestEngine(h)
	e.define(t, "f", "def f(input):\n    while True:\n        try:\n            while True: pass\n        except Exception: continue\n")
	e.define(t, "g", "def g(input):\n    return sum(i for i in range(2000))\n")
	for range 20 {
		outcome, err := e.callFor(t.Context(), "a", "f", "null", 5*time.Millisecond)
		require.NoError(t, err)
		require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
		for range 20 {
			require.Nil(t, e.call(t, "a", "g", "null").Failure)
		}
	}
}

func TestPythonSleepersLeaveThreadsToOthers(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{MaxThreads: 16})
	e := newTestEngine(h)
	e.define(t, "sleep", "import time\ndef sleep(input):\n    print('asleep')\n    time.sleep(1e6)\n")
	e.define(t, "hello", "def hello(input):\n    return 'hello'\n")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	for range 10 {
		go func() {
			_, _ = e.callFor(ctx, "sleeper", "sleep", "null", time.Minute)
			done <- struct{}{}
		}()
	}
	eventually(t, func() bool { return busyIn(h, "sleeper") == 4 }, "it holds its quarter")
	for range 50 {
		require.JSONEq(t, `"hello"`, string(e.call(t, "other", "hello", "null").Output))
	}
	require.Equal(t, 4, busyIn(h, "sleeper"))
	cancel()
	for range 10 {
		<-done
	}
}

func TestPythonCloseDuringCalls(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "f", "def f(input):\n    print('here')\n    while True: pass\n")
	outcomes := make(chan model.Outcome)
	for _, tenant := range []string{"a", "a", "b", "c"} {
		go func() {
			outcome, _ := e.callFor(t.Context(), tenant, "f", "null", time.Minute)
			outcomes <- outcome
		}()
	}
	eventually(t, func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return len(e.logs) == 4
	}, "all run")
	require.NoError(t, h.Close(t.Context()))
	for range 4 {
		require.Equal(t, model.FailureCancelled, (<-outcomes).Failure.Kind)
	}
}

func TestPythonIdleEndAndReturn(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{IdleAfter: 50 * time.Millisecond})
	e := newTestEngine(h)
	e.define(t, "state", "n = 0\ndef state(x):\n    global n\n    n += 1\n    return n\n")
	for range 3 {
		ended := h.Stats().InterpretersEnded
		require.JSONEq(t, "1", string(e.call(t, "a", "state", "null").Output))
		eventually(t, func() bool { return h.Stats().InterpretersEnded > ended }, "it is ended")
	}
	require.Zero(t, h.Stats().InterpretersLeaked)
}

// Code at the end of an interpreter that does not come to its own end is cut short, or
// parked; its subtenant has another interpreter meanwhile.
func TestPythonEndThatTakesTooLong(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]struct {
		code   string
		parked int
	}{
		"sleep":     {"atexit.register(time.sleep, 1e6)", 0},
		"wait":      {"atexit.register(threading.Event().wait)", 0},
		"loop":      {"@atexit.register\ndef last():\n    while True: pass", 0},
		"finalizer": {"class Last:\n    def __del__(self):\n        while True: pass\nx = Last()", 0},
		"weakref":   {"class C: pass\nx = C()\nweakref.finalize(x, lambda: sum(range(10**12)))", 0},
		"generator": {"def g():\n    try:\n        yield\n    finally:\n        while True: pass\nx = g()\nnext(x)", 0},
		"thread":    {"threading.Thread(target=lambda: sum(1 for _ in iter(int, 1))).start()", 0},
		"swallows":  {"def last(depth=0):\n    while True:\n        try:\n            if depth < 4: last(depth + 1)\n            while True: pass\n        except BaseException: pass\natexit.register(last)", 1},
		"compares":  {"@atexit.register\ndef last():\n    a = b = 1\n    for _ in range(64): a, b = [a, a], [b, b]\n    a == b", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startPython(t, Options{IdleAfter: 20 * time.Millisecond, EndLimit: 200 * time.Millisecond, StuckAfter: time.Second})
			e := newTestEngine(h)
			e.define(t, "f", "import atexit, threading, time, weakref\n"+end.code+"\ndef f(x):\n    return x\n")
			require.Nil(t, e.call(t, "a", "f", "1").Failure)
			eventually(t, func() bool {
				s := h.Stats()
				return s.InterpretersEnded+s.InterpretersLeaked == 1 && s.ThreadsParked == end.parked
			}, "it is ended or parked")
			require.Equal(t, end.parked, h.Stats().InterpretersLeaked)
			e.define(t, "g", "def g(x):\n    return x\n")
			require.Nil(t, e.call(t, "a", "g", "1").Failure, "its subtenant has another one")
		})
	}
}

// The collector's callbacks are cleared before code runs at the end of an interpreter: one that swallows what cuts
// the end short would have the interpreter leak.
func TestGarbageCallbackThatLoopsAtTheEnd(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{IdleAfter: 20 * time.Millisecond, EndLimit: 200 * time.Millisecond, StuckAfter: time.Second})
	e := newTestEngine(h)
	e.define(t, "f", `
import atexit, gc
def spin(phase, info, depth=0):
    while True:
        try:
            if depth < 4: spin(phase, info, depth + 1)
            while True: pass
        except BaseException: pass
def f(x):
    gc.disable()
    gc.callbacks.append(spin)
    atexit.register(gc.collect)
    return x
`)
	require.Nil(t, e.call(t, "a", "f", "1").Failure)
	eventually(t, func() bool { return h.Stats().InterpretersEnded+h.Stats().InterpretersLeaked == 1 }, "it is ended or leaked")
	require.Zero(t, h.Stats().InterpretersLeaked)
}

// Code that runs at the end of its interpreter may use all that there was.
func TestPythonCodeAtTheEnd(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{IdleAfter: 20 * time.Millisecond})
	e := newTestEngine(h)
	e.define(t, "f", `
import atexit, logging, maestro, time
def last():
    time.sleep(0)
    for use in (lambda: f2(1), lambda: print("last"), maestro.context, lambda: maestro.log.info("last"), lambda: logging.error("last")):
        try:
            use()
        except RuntimeError:
            pass
atexit.register(last)
class Last:
    def __del__(self):
        last()
x = Last()
x.self = x
def f(x):
    return x
`)
	require.Nil(t, e.call(t, "a", "f", "1").Failure)
	eventually(t, func() bool { return h.Stats().InterpretersEnded == 1 }, "it is ended")
}

// A stop that comes while the runtime loads modules or refreshes the siblings
// leaves none of its locks taken.
func TestPythonStopWhileLoading(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "f", "def f(input):\n    return sibling(input)\n")
	for round := range 60 {
		e.define(t, "sibling", "def sibling(input):\n    return input\n")
		_, err := e.callFor(t.Context(), "a", "f", "1", time.Duration(round%12)*100*time.Microsecond)
		require.NoError(t, err)
	}
	e.define(t, "endless", "while True:\n    try:\n        while True: pass\n    except Exception: continue\ndef endless(x): pass\n")
	outcome, err := e.callFor(t.Context(), "a", "endless", "1", 50*time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
	require.JSONEq(t, "1", string(e.call(t, "a", "f", "1").Output))
	eventually(t, func() bool { return busyIn(h, "a") == 0 }, "module-level code is stopped too")
	require.Zero(t, h.Stats().Stuck())
}

// A thread that is in a call elsewhere keeps no interpreter alive that it once
// visited. Python's checking allocator would detect an access to deleted memory.
func TestPythonEndDuringCallsElsewhere(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{MaxThreads: 1, IdleAfter: 20 * time.Millisecond})
	e := newTestEngine(h)
	e.define(t, "hello", "import threading\nlocal = threading.local()\ndef hello(x):\n    local.x = x\n    return x\n")
	e.define(t, "sleep", "import time\ndef sleep(x):\n    time.sleep(1e6)\n")
	for range 5 {
		for _, tenant := range []string{"a", "b", "c"} {
			require.JSONEq(t, "1", string(e.call(t, tenant, "hello", "1").Output))
		}
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			defer close(over)
			_, _ = e.callFor(ctx, "elsewhere", "sleep", "null", time.Minute)
		}()
		eventually(t, func() bool {
			s := h.Stats()
			return s.ThreadsBusy == 1 && s.InterpretersLive == 1 && s.InterpretersEnding == 0
		}, "those of the others are ended")
		cancel()
		<-over
	}
	require.Zero(t, h.Stats().InterpretersLeaked)
}

// A call that is stopped in the midst of an import leaves none of the import
// system's locks held: the interpreter's other threads import on.
func TestAStoppedImportHoldsNoLock(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "imports", `import importlib, sys
def imports(input):
    while True:
        sys.modules.pop(input, None)
        importlib.import_module(input)
`)
	e.define(t, "others", `import importlib, sys, threading
def load(name, loaded):
    sys.modules.pop(name, None)
    loaded.append(importlib.import_module(name).__name__)
def others(input):
    loaded = []
    threads = [threading.Thread(target=load, args=(name, loaded)) for name in ("cmd", "quopri")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(loaded)
`)
	for range 25 {
		var calls sync.WaitGroup
		for _, module := range []string{`"colorsys"`, `"sched"`, `"stat"`, `"bisect"`} {
			calls.Go(func() {
				outcome, err := e.callFor(t.Context(), "a", "imports", module, 5*time.Millisecond)
				if err != nil || outcome.Failure == nil || outcome.Failure.Kind != model.FailureTimeout {
					t.Error(err, outcome)
				}
			})
		}
		calls.Wait()
	}
	outcome := e.call(t, "a", "others", "null")
	require.Nil(t, outcome.Failure)
	require.JSONEq(t, `["cmd","quopri"]`, string(outcome.Output))
	require.Zero(t, h.Stats().Stuck())
}
