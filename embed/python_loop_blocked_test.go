package embed

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// lines returns how many lines calls have printed.
func (e *testEngine) lines() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.logs)
}

// block begins a call that blocks its loop until the test ends or stop is called.
func block(t *testing.T, e *testEngine) (stop func()) {
	t.Helper()
	e.define(t, "blocks", "async def blocks(input):\n    print('here')\n    while True: pass\n")
	before := e.lines()
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan model.Outcome, 1)
	go func() {
		outcome, _ := e.callFor(ctx, "a", "blocks", "null", time.Minute)
		over <- outcome
	}()
	eventually(t, func() bool { return e.lines() == before+1 }, "it blocks")
	return func() {
		t.Helper()
		require.Empty(t, over, "it has blocked all the time")
		cancel()
		require.Equal(t, model.FailureCancelled, (<-over).Failure.Kind)
	}
}

// TestObjectsOfAModuleBesideABlockedLoop: what a module has made of asyncio works
// in calls that began before code blocked the loop, while it does, and after.
func TestObjectsOfAModuleBesideABlockedLoop(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "shares", `
import asyncio
lock, slots, queue, changed = asyncio.Lock(), asyncio.Semaphore(2), asyncio.Queue(), asyncio.Condition()
inside = count = 0
server = stream = None

async def answers(reader, writer):
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()

async def ask(text):
    global server, stream
    if stream is None:
        server = await asyncio.start_server(answers, "127.0.0.1", 0)
        stream = await asyncio.open_connection(*server.sockets[0].getsockname())
    stream[1].write(text.encode() + b"\n")
    return (await stream[0].readline()).decode().strip()

async def shares(input):
    global inside, count
    async with lock:
        inside += 1
        assert inside == 1
        await asyncio.sleep(0.001)
        assert await ask(f"call {input}") == f"call {input}"
        inside -= 1
    async with slots:
        await asyncio.to_thread(int, "5")
    await queue.put(input)
    async with changed:
        count += 1
        changed.notify_all()
        if input < 20:
            await changed.wait_for(lambda: count > 15)
    return await asyncio.wait_for(queue.get(), 60) is not None
`)
	all := func(from int) {
		t.Helper()
		var group sync.WaitGroup
		for n := range 20 {
			group.Go(func() {
				outcome := e.call(t, "a", "shares", fmt.Sprint(from+n))
				if outcome.Failure != nil || string(outcome.Output) != "true" {
					t.Errorf("call %d: %s %+v", from+n, outcome.Output, outcome.Failure)
				}
			})
		}
		group.Wait()
	}
	all(0)
	stop := block(t, e)
	all(20)
	stop()
	all(40)
	require.Zero(t, h.Stats().Stuck())
}

// TestTasksGoOnBesideABlockedLoop: a call that waits goes on though another call
// blocks the loop on which both have begun, and no further call comes.
func TestTasksGoOnBesideABlockedLoop(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "waits", `
import asyncio
from threading import Timer
async def waits(input):
    loop, opened = asyncio.get_running_loop(), asyncio.Event()
    print("waits")
    Timer(0.05, lambda: loop.call_soon_threadsafe(opened.set)).start()
    await opened.wait()
    for _ in range(100):
        await asyncio.sleep(0.001)
    return "waited"
`)
	waited := make(chan model.Outcome, 1)
	go func() { waited <- e.call(t, "a", "waits", "null") }()
	eventually(t, func() bool { return e.lines() == 1 }, "it waits")
	stop := block(t, e)
	outcome := <-waited
	require.Nil(t, outcome.Failure)
	require.Equal(t, `"waited"`, string(outcome.Output))
	stop()
}

// TestACallGoesOnAfterItBlocked: a call whose thread has lost the loop uses
// it as before.
func TestACallGoesOnAfterItBlocked(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "goes_on", `
import asyncio, os, time
async def add(a, b):
    await asyncio.sleep(0.001)
    return a + b
async def goes_on(file):
    loop, heard = asyncio.get_running_loop(), []
    print("here")
    while not os.path.exists(file):
        time.sleep(0.001)
    loop.set_debug(file.endswith("debug"))
    task = asyncio.create_task(add(1, 2))
    loop.call_soon(heard.append, "soon")
    loop.call_later(0.001, heard.append, "later")
    loop.call_later(3600, heard.append, "never").cancel()
    assert asyncio.current_task() in asyncio.all_tasks()
    reader, writer = os.pipe()
    readable = loop.create_future()
    loop.add_reader(reader, readable.set_result, "read")
    os.write(writer, b"x")
    heard.append(await readable)
    loop.remove_reader(reader)
    async with asyncio.timeout(60):
        while "later" not in heard:
            await asyncio.sleep(0)
    process = await asyncio.create_subprocess_exec("true")
    return [await task, await asyncio.gather(add(3, 4), asyncio.to_thread(int, "5")), await process.wait(), sorted(heard), asyncio.get_running_loop() is loop]
`)
	e.define(t, "other", "import asyncio\nasync def other(input):\n    await asyncio.sleep(0)\n    return input\n")
	dir := t.TempDir()
	for round, name := range []string{"a", "b", "debug"} {
		const calls = 5
		results := make(chan model.Outcome, calls)
		for range calls {
			go func() { results <- e.call(t, "a", "goes_on", fmt.Sprintf("%q", dir+"/"+name)) }()
		}
		eventually(t, func() bool { return e.lines() == calls*(round+1) }, "all block")
		require.Nil(t, e.call(t, "a", "other", "1").Failure)
		touch(t, dir+"/"+name)
		for range calls {
			outcome := <-results
			require.Nil(t, outcome.Failure)
			require.JSONEq(t, `[3,[7,5],0,["later","read","soon"],true]`, string(outcome.Output))
		}
	}
	require.Equal(t, 1, h.Stats().Loops)
}

// TestAModuleThatLoadsSlowly blocks the loop before its call has begun.
func TestAModuleThatLoadsSlowly(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	file := t.TempDir() + "/go"
	e.define(t, "slow", fmt.Sprintf("import os, time\nprint('loads')\nwhile not os.path.exists(%q):\n    time.sleep(0.001)\nasync def slow(input):\n    return input\n", file))
	e.define(t, "other", "import asyncio\nasync def other(input):\n    await asyncio.sleep(0)\n    return input\n")
	require.Nil(t, e.call(t, "a", "other", "0").Failure)
	loaded := make(chan model.Outcome, 2)
	for range cap(loaded) {
		go func() { loaded <- e.call(t, "a", "slow", "1") }()
	}
	eventually(t, func() bool { return e.lines() >= 1 }, "it loads")
	for n := range 3 {
		require.Equal(t, fmt.Sprint(n), string(e.call(t, "a", "other", fmt.Sprint(n)).Output))
	}
	require.Empty(t, loaded)
	touch(t, file)
	for range cap(loaded) {
		require.Equal(t, "1", string((<-loaded).Output))
	}
}

func touch(t *testing.T, file string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, nil, 0o600))
}

// Code that blocks the loop and holds all the memory that it may hold: another thread
// takes the loop over nevertheless, and no call waits for ever.
func TestALoopTakenOverWithoutMemory(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{MaxMemory: testMemory})
	e := newTestEngine(h)
	e.define(t, "hoards", `import time
async def hoards(input):
    held = []
    for size in (1 << 20, 1 << 12, 512, 64, 16, 1):
        try:
            while True:
                held.append(bytearray(size))
        except MemoryError:
            pass
    print('here')
    time.sleep(1)
    return 1
`)
	e.define(t, "hello_async", "async def hello_async(input): return 1\n")
	for range 3 {
		before := e.lines()
		over := make(chan model.Outcome, 1)
		go func() { over <- e.call(t, "t", "hoards", "null") }()
		eventually(t, func() bool { return e.lines() > before }, "it blocks")
		for range 3 {
			outcome := e.call(t, "t", "hello_async", "null")
			require.True(t, outcome.Failure == nil || outcome.Failure.Type == "MemoryError", "%+v", outcome.Failure)
		}
		<-over
		require.Nil(t, e.call(t, "t", "hello_async", "null").Failure)
	}
}
