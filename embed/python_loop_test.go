package embed

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// tenantLog collects the lines of a host that belong to no call.
func tenantLog() (Options, <-chan string) {
	lines := make(chan string, 100)
	return Options{OnTenantLog: func(_ string, line model.LogLine) { lines <- line.Text }}, lines
}

func nextLine(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case line := <-lines:
		return line
	case <-time.After(time.Minute):
		t.Fatal("no line came")
		return ""
	}
}

func TestThousandsWaitOnOneThread(t *testing.T) {
	t.Parallel()
	const calls = 2000
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "wait", `
import asyncio
arrived = 0
all_here = asyncio.Event()
async def wait(n):
    global arrived
    arrived += 1
    if arrived == `+fmt.Sprint(calls)+`:
        all_here.set()
    await all_here.wait()
    return n
`)
	var group sync.WaitGroup
	for n := range calls {
		group.Go(func() {
			outcome := e.call(t, "a", "wait", fmt.Sprint(n))
			if outcome.Failure != nil || string(outcome.Output) != fmt.Sprint(n) {
				t.Errorf("call %d: %s %+v", n, outcome.Output, outcome.Failure)
			}
		})
	}
	group.Wait()
	require.Equal(t, 1, h.Stats().Loops)
	require.LessOrEqual(t, h.Stats().Threads, 1)
}

// TestATaskIsCancelledFirst: a call that waits meets CancelledError, at its
// deadline and when its caller goes, and what it has to do then is done.
func TestATaskIsCancelledFirst(t *testing.T) {
	t.Parallel()
	opt, lines := tenantLog()
	h := startPython(t, opt)
	e := newTestEngine(h)
	e.define(t, "waits", `
import asyncio
async def waits(input):
    print("here")
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError as error:
        await asyncio.sleep(0.01)
        print(input, type(error).__name__)
        raise
`)
	e.define(t, "count", "import sys\ncalls = 0\nasync def count(input):\n    global calls\n    calls += 1\n    return calls\n")
	require.Equal(t, "1", string(e.call(t, "a", "count", "null").Output))
	outcome, err := e.callFor(t.Context(), "a", "waits", `"deadline"`, 50*time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
	require.Equal(t, "deadline CancelledError", nextLine(t, lines))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		eventually(t, func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return len(e.logs) == 2
		}, "it runs")
		cancel()
	}()
	outcome, err = e.callFor(ctx, "a", "waits", `"caller"`, time.Minute)
	require.NoError(t, err)
	require.Equal(t, model.FailureCancelled, outcome.Failure.Kind)
	require.Equal(t, "caller CancelledError", nextLine(t, lines))
	eventually(t, func() bool { return h.Stats().Tasks == 0 }, "both have ended")
	require.Equal(t, "2", string(e.call(t, "a", "count", "null").Output), "the interpreter has stayed")
}

// TestATaskThatDoesNotEnd swallows every cancellation. It is closed, and nothing
// else is affected.
func TestATaskThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{StuckAfter: 900 * time.Millisecond})
	e := newTestEngine(h)
	e.define(t, "stays", `
import asyncio
async def stays(input):
    while True:
        try:
            await asyncio.sleep(1e6)
        except asyncio.CancelledError:
            pass
`)
	e.define(t, "stays_for_ever", `
import asyncio
async def stays_for_ever(input):
    while True:
        try:
            await asyncio.sleep(1e6)
        except BaseException:
            pass
`)
	e.define(t, "count", "calls = 0\nasync def count(input):\n    global calls\n    calls += 1\n    return calls\n")
	require.Equal(t, "1", string(e.call(t, "a", "count", "null").Output))
	for _, name := range []string{"stays", "stays_for_ever"} {
		outcome, err := e.callFor(t.Context(), "a", name, "null", 20*time.Millisecond)
		require.NoError(t, err)
		require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
	}
	eventually(t, func() bool { return h.Stats().Tasks == 0 }, "both have ended")
	require.Equal(t, "2", string(e.call(t, "a", "count", "null").Output), "the interpreter has stayed")
	require.Zero(t, h.Stats().Stuck())
}

// TestACallThatBlocksItsLoop computes, sleeps or waits for a lock in an async
// function. It is stopped at its deadline, and others begin meanwhile.
func TestACallThatBlocksItsLoop(t *testing.T) {
	t.Parallel()
	for name, block := range map[string]string{
		"computes": "    while True: pass\n",
		"swallows": "    while True:\n        try:\n            while True: pass\n        except BaseException: pass\n",
		"sleeps":   "    time.sleep(1e6)\n",
		"recvs":    "    a, b = __import__('socket').socketpair()\n    while True:\n        a.settimeout(0.05)\n        try: a.recv(1)\n        except TimeoutError: pass\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startPython(t, Options{})
			e := newTestEngine(h)
			e.define(t, "blocks", "import time\nasync def blocks(input):\n    print('here')\n"+block)
			e.define(t, "other", "import asyncio\nasync def other(input):\n    await asyncio.sleep(0)\n    return input\n")
			require.Equal(t, "0", string(e.call(t, "a", "other", "0").Output))
			over := make(chan model.Outcome, 1)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				outcome, _ := e.callFor(ctx, "a", "blocks", "null", time.Minute)
				over <- outcome
			}()
			eventually(t, func() bool {
				e.mu.Lock()
				defer e.mu.Unlock()
				return len(e.logs) == 1
			}, "it blocks")
			for n := range 3 {
				outcome := e.call(t, "a", "other", fmt.Sprint(n))
				require.Nil(t, outcome.Failure)
			}
			require.Empty(t, over, "the others began while it blocked")
			cancel()
			require.Equal(t, model.FailureCancelled, (<-over).Failure.Kind)
			eventually(t, func() bool { return h.Stats().Tasks == 0 && h.Stats().InterpretersStuck == 0 }, "it has been stopped")
			require.Equal(t, "7", string(e.call(t, "a", "other", "7").Output))
			require.Zero(t, h.Stats().ThreadsStuck)
		})
	}
}

// TestACallThatCannotBeStopped blocks its loop in SQLite, which waits for a lock and
// answers no check: its thread and interpreter are given up, and the subtenant goes on in another. When it has come to
// an await after all, its task is closed.
func TestACallThatCannotBeStopped(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{StuckAfter: 300 * time.Millisecond})
	e := newTestEngine(h)
	e.define(t, "blocks", `
import asyncio, sqlite3
async def blocks(input):
    try:
        sqlite3.connect(input, timeout=3600).execute("create table t (n)")
    except BaseException:
        pass
    while True:
        try:
            await asyncio.sleep(1e6)
        except BaseException:
            pass
`)
	e.define(t, "locks", `
import sqlite3
holders = []
def locks(input):
    if input is None:
        holders[0].execute("rollback")
        return
    holders.append(sqlite3.connect(input, isolation_level=None, check_same_thread=False))
    holders[0].execute("begin exclusive")
`)
	e.define(t, "other", "async def other(input):\n    return input\n")
	require.Equal(t, "0", string(e.call(t, "a", "other", "0").Output))
	path := fmt.Sprintf("%q", filepath.Join(t.TempDir(), "db"))
	require.Nil(t, e.call(t, "holder", "locks", path).Failure)
	outcome, err := e.callFor(t.Context(), "a", "blocks", path, 100*time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
	eventually(t, func() bool { return h.Stats().ThreadsStuck == 1 }, "it is given up")
	require.Equal(t, "1", string(e.call(t, "a", "other", "1").Output))
	require.Equal(t, 1, h.Stats().InterpretersStuck)
	require.Nil(t, e.call(t, "holder", "locks", "null").Failure)
	eventually(t, func() bool { return h.Stats().Stuck() == 0 }, "it has ended after all")
}

// TestWhatATaskRaises: an exception that would end an event loop ends its call
// alone.
func TestWhatATaskRaises(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "leaves", `
import asyncio, sys
async def exits():
    sys.exit(3)
async def leaves(input):
    if input == 0:
        sys.exit(2)
    if input == 1:
        raise KeyboardInterrupt
    if input == 2:
        await asyncio.create_task(exits())
    if input == 3:
        asyncio.get_running_loop().call_soon(sys.exit, 4)
        await asyncio.sleep(0.01)
    if input == 4:
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0.01)
    return "returned"
`)
	for n, want := range []string{"SystemExit", "KeyboardInterrupt", "SystemExit", "", ""} {
		outcome := e.call(t, "a", "leaves", fmt.Sprint(n))
		if want == "" {
			require.Nil(t, outcome.Failure, n)
			require.Equal(t, `"returned"`, string(outcome.Output), n)
		} else {
			require.NotNil(t, outcome.Failure, n)
			require.Equal(t, want, outcome.Failure.Type, n)
		}
	}
	require.Equal(t, 1, h.Stats().Loops)
}

// TestLoopsEndWithTheirInterpreter: tasks that calls have left behind are
// cancelled when it ends.
func TestLoopsEndWithTheirInterpreter(t *testing.T) {
	t.Parallel()
	opt, lines := tenantLog()
	opt.IdleAfter = 50 * time.Millisecond
	h := startPython(t, opt)
	e := newTestEngine(h)
	e.define(t, "leaves", `
import asyncio
async def background():
    try:
        await asyncio.Event().wait()
    finally:
        print("cancelled")
async def leaves(input):
    global task
    task = asyncio.create_task(background())
    await asyncio.sleep(0)
`)
	require.Nil(t, e.call(t, "a", "leaves", "null").Failure)
	require.Equal(t, "cancelled", nextLine(t, lines))
	eventually(t, func() bool { return h.Stats().InterpretersEnded >= 1 && h.Stats().InterpretersLive == 0 }, "it has ended")
	require.Nil(t, e.call(t, "a", "leaves", "null").Failure)
}

// TestOnlyWhatRunsForACallIsStopped: of two calls that share a pool one is
// stopped while it computes, and the other is well.
func TestOnlyWhatRunsForACallIsStopped(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "computes", `
from concurrent.futures import ThreadPoolExecutor
import os
pool = ThreadPoolExecutor(4)
def spin(until):
    print("here")
    while not os.path.exists(until):
        pass
    return "well"
def computes(input):
    return pool.submit(spin, input).result()
`)
	started := func(n int) func() bool {
		return func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return len(e.logs) == n
		}
	}
	// The first call starts the pool's threads, and is the one that is stopped.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stopped, well := make(chan model.Outcome, 1), make(chan model.Outcome, 1)
	go func() {
		outcome, _ := e.callFor(ctx, "a", "computes", `"/no/such/file"`, time.Minute)
		stopped <- outcome
	}()
	eventually(t, started(1), "the first computes")
	file := filepath.Join(t.TempDir(), "go")
	go func() { well <- e.call(t, "a", "computes", fmt.Sprintf("%q", file)) }()
	eventually(t, started(2), "the second computes")
	cancel()
	require.Equal(t, model.FailureCancelled, (<-stopped).Failure.Kind)
	eventually(t, func() bool { return h.Stats().InterpretersLive <= 1 && h.Stats().InterpretersStuck == 0 }, "it has been stopped")
	require.Empty(t, well)
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	outcome := <-well
	require.Nil(t, outcome.Failure)
	require.Equal(t, `"well"`, string(outcome.Output))
}
