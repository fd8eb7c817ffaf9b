package cpython

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

const memoryLimit = 64 << 20

// setupLimited is setup for an interpreter with bounds.
func setupLimited(t testing.TB, limits Limits, functions ...string) *stage {
	t.Helper()
	return setupWith(t, Config{Runtime: runtimeConfig.Runtime, Limits: limits}, functions...)
}

// greedy are ways to hold memory without an end. Each is the body of a function.
var greedy = map[string]string{
	"arenas":          "x = []\nwhile True: x.append([None] * 10)",
	"blocks":          "x = []\nwhile True: x.append(bytearray(1 << 20))",
	"one block":       "return len('x' * 10**10)",
	"doubled text":    "x = 'x'\nwhile True: x = x + x",
	"doubled list":    "x = [1]\nwhile True: x = x + x",
	"a list extended": "x = [1]\nwhile True: x.extend(x)",
	"a dict":          "x = {}\ni = 0\nwhile True:\n    x[i] = i\n    i += 1",
	"an integer":      "x = 3\nwhile True: x = x << 1000000",
	"deep frames": "import sys\nsys.setrecursionlimit(10**9)\ndef f(n):\n    x0 = x1 = x2 = x3 = x4 = x5 = n\n" +
		"    return f(n + 1)\nf(0)",
	"a thread": "import threading\nfailed = []\ndef eat():\n    x = []\n    try:\n        while True: x.append(bytearray(1 << 16))\n" +
		"    except MemoryError: failed.append(1)\nt = threading.Thread(target=eat)\nt.start()\nt.join()\nif failed: raise MemoryError",
	"a library in libpython": "import sqlite3\ndb = sqlite3.connect(':memory:')\ndb.execute('create table t (v)')\n" +
		"while True: db.execute('insert into t values (zeroblob(10000))')",
	"compressed zeros": "import zlib\nd = zlib.decompressobj()\nc = zlib.compress(bytes(10**6)) \nx = []\nwhile True: x.append(zlib.decompress(c))",
	"a mapping":        "import mmap\nx = []\nwhile True: x.append(mmap.mmap(-1, 1 << 20))",
	"shared memory":    "from multiprocessing.shared_memory import SharedMemory\nx = SharedMemory(create=True, size=1 << 28)",
	"the result":       "x = 'x' * 30_000_000\nreturn [x, x, x]",
	"a huge range":     "return list(range(10**10))",
	"a json text":      "import json\nx = [0] * 10**6\nreturn json.dumps([x] * 1000)",
	"formatted text":   "return len('%10000000000d' % 1)",
	"cycles":           "while True:\n    class A: pass\n    a = A()\n    a.x = (a, bytearray(1 << 22))\n    globals().setdefault('k', []).append(a)\n",
}

func TestRequestsBeyondTheMemoryBound(t *testing.T) {
	t.Parallel()
	for name, body := range greedy {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := setupLimited(t, Limits{Memory: memoryLimit},
				"eats", "def eats(input):\n    "+indent(body)+"\n",
				"forgets", "import gc\ndef forgets(input):\n    import sys\n    sys.modules['functions.eats'].__dict__.pop('k', None)\n    gc.collect()\n    return 'still here'\n")
			failure := st.failure("eats", "{}")
			require.Equal(t, ExceptionRaised, failure.Kind)
			switch name {
			case "a mapping", "shared memory": // as Python reports it
				require.Equal(t, "OSError", failure.Type)
				require.Contains(t, failure.Message, "Cannot allocate memory")
			default:
				require.Equal(t, "MemoryError", failure.Type, failure.Message)
				if name != "compressed zeros" { // zlib has a text of its own
					require.Contains(t, failure.Message, "64 MB")
					require.Contains(t, failure.Message, "MAX_FUNCTION_MEMORY")
				}
			}
			require.Less(t, st.in.Memory(), int64(memoryLimit+memoryLimit/4+1<<20))
			require.Equal(t, `"still here"`, st.output("forgets", "{}"))
			require.Less(t, st.in.Memory(), int64(memoryLimit/2), "what the failed call held is free again")
		})
	}
}

// At its deadline a call ends at once: to collect what hundreds of megabytes refer to takes
// long, and cannot be stopped. The next call's end is soon enough.
func TestAStoppedCallCollectsNothing(t *testing.T) {
	t.Parallel()
	st := setup(t, "holds", `import gc, time
kept, full = [], []
gc.callbacks.append(lambda phase, info: full.append(phase) if info["generation"] == 2 else None)
def holds(input):
    kept.append(bytearray(80 << 20))
    print("ready")
    time.sleep(1000)
`, "reads", "import sys\ndef reads(input):\n    return sys.modules['functions.holds'].full\n")
	require.NotNil(t, stopped(t, st, "holds", 1, RungRaise).Exception)
	require.JSONEq(t, "[]", st.output("reads", "{}"))
	require.JSONEq(t, `["start","stop"]`, st.output("reads", "{}"))
}

// The account of an interpreter is empty when it has ended, also where other threads
// freed its memory.
func TestMemoryOfEndedInterpreters(t *testing.T) {
	t.Parallel()
	for round := range 3 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			var in *Interpreter
			t.Run("life", func(t *testing.T) {
				st := setupLimited(t, Limits{Memory: memoryLimit}, "works", `import asyncio, concurrent.futures, json, sqlite3, ssl, threading, zlib
POOL = concurrent.futures.ThreadPoolExecutor(4)
KEPT = [bytearray(100_000) for _ in range(50)]
def work(n):
    return len(zlib.compress(json.dumps([n] * 10_000).encode()))
def works(input):
    db = sqlite3.connect(":memory:")
    db.execute("create table t (v)")
    db.executemany("insert into t values (?)", [("x" * 1000,)] * 1000)
    ssl.create_default_context()
    results = list(POOL.map(work, range(20)))
    try:
        'x' * 10**9
    except MemoryError:
        pass
    async def main():
        await asyncio.gather(*(asyncio.to_thread(work, n) for n in range(10)))
    asyncio.run(main())
    return len(results)
`)
				for range 5 {
					require.Equal(t, "20", st.output("works", "{}"))
				}
				in = st.in
				require.Greater(t, in.Memory(), int64(5<<20))
			})
			require.InDelta(t, 0, in.Memory(), 1<<20, "OpenSSL keeps half a megabyte for all interpreters")
		})
	}
}

// So many frames take a microsecond and more each when an exception passes them.
func TestRecursionLimitThatCodeSets(t *testing.T) {
	t.Parallel()
	st := setup(t, "sets", `import sys
def sets(input):
    before = sys.getrecursionlimit()
    limits = []
    for limit in (5000, True and 150_000, 10**6, 10**30):
        sys.setrecursionlimit(limit)
        limits.append(sys.getrecursionlimit())
    for limit in (0, -10**30, "1"):
        try:
            sys.setrecursionlimit(limit)
        except (ValueError, TypeError, OverflowError) as error:
            limits.append(type(error).__name__)
    sys.setrecursionlimit(before)
    return limits
`)
	require.JSONEq(t, `[5000, 150000, 200000, 200000, "ValueError", "OverflowError", "TypeError"]`, st.output("sets", "{}"))
}

// A thread would keep the GIL for as long from those that are to stop it.
func TestSwitchIntervalThatCodeSets(t *testing.T) {
	t.Parallel()
	st := setup(t, "sets", `import sys
class Second:
    seconds = [30.0, 0.02]
    def __float__(self):
        return self.seconds.pop()
def sets(input):
    before = sys.getswitchinterval()
    intervals = []
    for interval in (0.01, 0.1, 30, 1e300, float("nan"), float("inf"), Second()):
        sys.setswitchinterval(interval)
        intervals.append(round(sys.getswitchinterval(), 6))
    for interval in (0, -1.0, "1"):
        try:
            sys.setswitchinterval(interval)
        except (ValueError, TypeError) as error:
            intervals.append(type(error).__name__)
    sys.setswitchinterval(before)
    return intervals
`)
	require.JSONEq(t, `[0.01, 0.1, 0.1, 0.1, 0.1, 0.1, 0.02, "ValueError", "ValueError", "TypeError"]`, st.output("sets", "{}"))
}

// Many random bytes are those of several reads.
func TestManyRandomBytes(t *testing.T) {
	t.Parallel()
	st := setup(t, "random", `import os
def random(input):
    class Size(int): pass
    pieces = [os.urandom(n) for n in (0, 7, 1 << 20, (1 << 20) + 1, Size(5_000_000))]
    refused = []
    for n in (-1, 2.5, 10**30):
        try:
            os.urandom(n)
        except Exception as error:
            refused.append(type(error).__name__)
    return [[len(p) for p in pieces], pieces[4][-4:] != bytes(4), len(set(pieces[4][:1000])) > 200, refused]
`)
	require.JSONEq(t, `[[0, 7, 1048576, 1048577, 5000000], true, true, ["ValueError", "TypeError", "OverflowError"]]`, st.output("random", "{}"))
}

func indent(body string) string {
	var out []byte
	for i := range len(body) {
		out = append(out, body[i])
		if body[i] == '\n' {
			out = append(out, "    "...)
		}
	}
	return string(out)
}
