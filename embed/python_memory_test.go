package embed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

const testMemory = 64 << 20

// A subtenant that asks for more memory than it may hold fails, and runs on; its
// neighbour sees nothing of it.
func TestNeighboursOfAFullSubtenant(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{MaxMemory: testMemory})
	e := newTestEngine(h)
	e.define(t, "eats", "def eats(input):\n    x = []\n    while True: x.append(bytearray(1 << 20))\n")
	e.define(t, "asks", "def asks(input):\n    try:\n        eats()\n    except MemoryError:\n        return 'caught'\n")
	e.define(t, "eats_async", "async def eats_async(input):\n    x = []\n    while True: x.append([None] * 100)\n")
	e.define(t, "state", "n = 0\nkept = bytearray(20_000_000)\ndef state(input):\n    global n\n    n += 1\n    return n\n")
	require.JSONEq(t, "1", string(e.call(t, "neighbour", "state", "null").Output))
	require.JSONEq(t, "1", string(e.call(t, "full", "state", "null").Output))
	for _, name := range []string{"eats", "eats_async"} {
		outcome := e.call(t, "full", name, "null")
		require.Equal(t, model.FailureException, outcome.Failure.Kind)
		require.Equal(t, "MemoryError", outcome.Failure.Type)
		require.Contains(t, outcome.Failure.Message, "more than 64 MB")
		require.Contains(t, outcome.Failure.Message, "MAX_FUNCTION_MEMORY")
	}
	require.JSONEq(t, `"caught"`, string(e.call(t, "full", "asks", "null").Output))
	require.JSONEq(t, "2", string(e.call(t, "neighbour", "state", "null").Output))
	require.JSONEq(t, "2", string(e.call(t, "full", "state", "null").Output), "nothing is held any more: the interpreter is kept")
}

// An interpreter whose modules hold most of its memory is replaced, so that a leak
// does not make every later call fail.
func TestInterpreterWithALeak(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{MaxMemory: testMemory})
	e := newTestEngine(h)
	e.define(t, "leaks", "KEPT = []\ndef leaks(input):\n    for _ in range(10):\n        KEPT.append(bytearray(1 << 20))\n    return len(KEPT)\n")
	e.define(t, "leaks_async", "KEPT = []\nasync def leaks_async(input):\n    for _ in range(10):\n        KEPT.append(bytearray(1 << 20))\n    return len(KEPT)\n")
	for _, name := range []string{"leaks", "leaks_async"} {
		failed := 0
		eventually(t, func() bool { // one retirement a second at most
			outcome := e.call(t, name, name, "null")
			if outcome.Failure != nil {
				require.Equal(t, "MemoryError", outcome.Failure.Type)
				failed++
				return false
			}
			return failed > 0
		}, "a call succeeds after one that had no memory")
	}
}

// What large calls have freed goes back to the system. Not parallel: it looks at
// the process's memory.
func TestMemoryAfterLargeCalls(t *testing.T) {
	h := startPython(t, Options{MaxMemory: 600 << 20, MaxValue: 1 << 30})
	e := newTestEngine(h)
	e.define(t, "large", "def large(input):\n    x = [bytes(100_000) for _ in range(2000)]\n    y = [str(i) * 20 for i in range(1_000_000)]\n    return len(x) + len(y)\n")
	e.define(t, "returns", "def returns(input):\n    return 'x' * 100_000_000\n")
	e.define(t, "raises", "def raises(input):\n    e = None\n    for _ in range(500_000):\n        n = ValueError('x')\n        n.__context__ = e\n        e = n\n    raise e\n")
	e.define(t, "hello", "def hello(input): return 1\n")
	e.call(t, "t", "hello", "null")
	before := residentMB(t)
	for range 3 {
		require.Nil(t, e.call(t, "t", "large", "null").Failure)
		require.Nil(t, e.call(t, "t", "returns", "null").Failure)
		require.Equal(t, "ValueError", e.call(t, "t", "raises", "null").Failure.Type, "garbage in a cycle")
	}
	eventually(t, func() bool { return residentMB(t)-before < 60 }, "the memory is returned")
}

// A value that is too large as JSON fails in the code that passes it.
func TestValuesBeyondTheirBound(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{MaxValue: 1 << 20})
	e := newTestEngine(h)
	e.define(t, "echo", "def echo(value): return value\n")
	e.define(t, "passes", "def passes(input):\n    return len(echo('x' * input))\n")
	e.define(t, "returns", "def returns(input):\n    return [['x' * 1000] * 100] * input\n")
	require.JSONEq(t, "1000000", string(e.call(t, "t", "passes", "1000000").Output))
	require.Nil(t, e.call(t, "t", "returns", "10").Failure)
	outcome := e.call(t, "t", "passes", "2000000")
	require.Equal(t, "ValueError", outcome.Failure.Type)
	require.Contains(t, outcome.Failure.Message, "more than 1 MB as JSON")
	outcome = e.call(t, "t", "returns", "100")
	require.Equal(t, model.FailureOutput, outcome.Failure.Kind)
	require.Contains(t, outcome.Failure.Message, "more than 1 MB as JSON")
}

// A call that had no memory for its tasks leaves them behind, and they take the rest
// of it. The next call works, and the loop ends with them.
func TestEndOfALoopFullOfTasks(t *testing.T) {
	t.Parallel()
	for _, next := range []string{"hello", "hello_async"} {
		t.Run(next, func(t *testing.T) {
			t.Parallel()
			h := startPython(t, Options{MaxMemory: testMemory, EndLimit: time.Minute})
			e := newTestEngine(h)
			e.define(t, "gathers", `import asyncio
async def one():
    held = bytearray(10_000)
    await asyncio.sleep(3600)
    return len(held)
async def gathers(input):
    await asyncio.gather(*(one() for _ in range(100_000)))
`)
			e.define(t, "hello", "def hello(input): return 1\n")
			e.define(t, "hello_async", "async def hello_async(input): return 1\n")
			require.Equal(t, "MemoryError", e.call(t, "t", "gathers", "null").Failure.Type)
			eventually(t, func() bool { // the first one on the same loop may lack memory
				outcome := e.call(t, "t", next, "null")
				require.True(t, outcome.Failure == nil || outcome.Failure.Type == "MemoryError")
				return outcome.Failure == nil
			}, "a call succeeds after one that had no memory")
			eventually(t, func() bool { return h.Stats().InterpretersEnded > 0 }, "the full interpreter has ended")
		})
	}
}
