package embed

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestACallLeavesTheLoopToOthers: what a call sets, shuts down or closes of the
// loop that it shares changes nothing for the calls beside it and after it.
func TestACallLeavesTheLoopToOthers(t *testing.T) {
	t.Parallel()
	for name, does := range map[string]string{
		"task factory":       "loop.set_task_factory(lambda loop, coro, **kwargs: coro.close())",
		"eager tasks":        "loop.set_task_factory(asyncio.eager_task_factory)",
		"exception handler":  "loop.set_exception_handler(lambda loop, context: heard.append(context))",
		"debug":              "loop.set_debug(True)",
		"executor":           "await loop.shutdown_default_executor()",
		"generators":         "await loop.shutdown_asyncgens()",
		"descriptors":        "closed = [attempt(fd) for fd in range(3, 1000)]",
		"range":              "os.closerange(3, 1000)",
		"exception hook":     "sys.excepthook = lambda: None; loop.call_soon(sys.exit, 4); await asyncio.sleep(0)",
		"its own loop's end": "loop.stop()",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startPython(t, Options{})
			e := newTestEngine(h)
			e.define(t, "changes", `
import asyncio, os, sys
arrived, go, heard = asyncio.Event(), asyncio.Event(), []
async def numbers():
    try:
        yield 1
        await go.wait()
        yield 2
    except GeneratorExit:
        yield_ended.append(1)
        raise
yield_ended = []
def attempt(fd):
    try:
        os.close(fd)
    except OSError:
        pass
async def works():
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(asyncio.sleep(0, 5))
    eager = task.done()
    loop.call_soon(lambda: 1 / 0)
    return [await task, eager, await asyncio.to_thread(int, "6"), len(heard), loop.get_debug() and input, yield_ended]
async def changes(input):
    if input == "changes":
        await arrived.wait()
        loop = asyncio.get_running_loop()
        `+does+`
        return "changed"
    if input == "beside":
        arrived.set()
        numbered = []
        async for n in numbers():
            numbered.append(n)
            if n == 1:
                await asyncio.sleep(0.02)
        return numbered + await works()
    go.set()
    return await works()
`)
			beside := make(chan string, 1)
			go func() { beside <- string(e.call(t, "a", "changes", `"beside"`).Output) }()
			outcome := e.call(t, "a", "changes", `"changes"`)
			require.Nil(t, outcome.Failure)
			require.Equal(t, `"changed"`, string(outcome.Output))
			for range 2 {
				outcome = e.call(t, "a", "changes", `"after"`)
				require.Nil(t, outcome.Failure)
				require.JSONEq(t, `[5,false,6,0,false,[]]`, string(outcome.Output))
			}
			require.JSONEq(t, `[1,2,5,false,6,0,false,[]]`, <-beside)
		})
	}
}

// TestASettingOfTheLoopHoldsInItsCall: a call's own tasks follow what it has set.
func TestASettingOfTheLoopHoldsInItsCall(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "sets", `
import asyncio
async def sets(input):
    loop, heard = asyncio.get_running_loop(), []
    loop.set_task_factory(asyncio.eager_task_factory)
    loop.set_exception_handler(lambda loop, context: heard.append(context["message"][:21]))
    loop.call_soon(lambda: 1 / 0)
    await asyncio.sleep(0)
    return [asyncio.create_task(asyncio.sleep(0, 1)).done() or asyncio.create_task(answer()).done(), heard,
            loop.get_task_factory() is asyncio.eager_task_factory]
async def answer():
    return 1
`)
	for range 2 {
		require.JSONEq(t, `[true,["Exception in callback"],true]`, string(e.call(t, "a", "sets", "null").Output))
	}
}

// TestADestroyedTaskIsReportedForItsOwner: the garbage collector may find a task
// while any call runs.
func TestADestroyedTaskIsReportedForItsOwner(t *testing.T) {
	t.Parallel()
	opt, lines := tenantLog()
	e := newTestEngine(startPython(t, opt))
	e.define(t, "leaves", `
import asyncio, gc
async def waits():
    await asyncio.get_running_loop().create_future()
async def leaves(input):
    if input == "collects":
        gc.collect()
        return
    gc.disable()
    print("leaves")
    task = asyncio.create_task(waits())
    await asyncio.sleep(0)
`)
	require.Nil(t, e.call(t, "a", "leaves", `"leaves"`).Failure)
	require.Nil(t, e.call(t, "a", "leaves", `"collects"`).Failure)
	require.Contains(t, nextLine(t, lines), "Task was destroyed but it is pending!")
	e.mu.Lock()
	defer e.mu.Unlock()
	require.Len(t, e.logs, 1)
	require.Equal(t, "leaves", e.logs[0].Text)
}

// TestAnAsyncFunctionThatFailsOnImport answers with what its module raised.
func TestAnAsyncFunctionThatFailsOnImport(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "fails", "raise ValueError('at import')\nasync def fails(input):\n    return 1\n")
	e.define(t, "calls", "async def calls(input):\n    return await fails(input)\n")
	for _, name := range []string{"fails", "calls"} {
		outcome := e.call(t, "a", name, "null")
		require.NotNil(t, outcome.Failure)
		require.Equal(t, "ValueError", outcome.Failure.Type)
		require.Equal(t, "at import", outcome.Failure.Message)
	}
}
