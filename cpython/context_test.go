package cpython

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFrameFollowsThreads(t *testing.T) {
	t.Parallel()
	st := setup(t, "outer", `import threading, asyncio
from concurrent.futures import ThreadPoolExecutor
def outer(input):
    out = []
    threads = [threading.Thread(target=lambda: out.append(inner(1))) for _ in range(3)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    async def main():
        return await asyncio.gather(*(asyncio.to_thread(inner, n) for n in range(3)))
    with ThreadPoolExecutor() as pool:
        return out + asyncio.run(main()) + [pool.submit(lambda: maestro_function()).result()]
def maestro_function():
    import maestro
    return maestro.context().function
`, "inner", `def inner(input):
    import maestro
    return maestro.context().function
`)
	output := st.output("outer", "{}")
	for frame := 1; frame <= 6; frame++ {
		require.Contains(t, output, fmt.Sprintf(`"f%d"`, frame))
	}
	require.True(t, strings.HasSuffix(output, `"f0"]`))
}

func TestContextVariablesEndWithTheCall(t *testing.T) {
	t.Parallel()
	st := setup(t, "sets", `import contextvars, decimal
VARIABLE = contextvars.ContextVar("v", default=0)
def sets(input):
    before = [VARIABLE.get(), decimal.getcontext().prec]
    VARIABLE.set(1)
    decimal.getcontext().prec = 5
    return before
`)
	onLockedThread(func() {
		for range 3 {
			result := st.in.Call(st.args("sets", "{}"))
			if string(result.Output) != "[0,28]" {
				t.Errorf("got %s, %v", result.Output, result.Exception)
			}
		}
		st.in.DropThread()
	})
}

func TestThreadLeftBehindHasNoExecution(t *testing.T) {
	t.Parallel()
	st := setup(t, "leaves", `import threading
GO, DONE, SEEN = threading.Event(), threading.Event(), []
def leaves(input):
    if input:
        GO.set()
        DONE.wait()
        return SEEN
    def late():
        GO.wait()
        try:
            sibling(1)
        except RuntimeError as e:
            SEEN.append(str(e))
        DONE.set()
    threading.Thread(target=late).start()
`, "sibling", "def sibling(input): return 1\n")
	require.Equal(t, "null", st.output("leaves", "false"))
	require.Equal(t, `["the execution is over"]`, st.output("leaves", "true"))
}

func TestManyThreadsCallOneInterpreter(t *testing.T) {
	t.Parallel()
	st := setup(t, "outer", `def outer(input):
    return [inner(n) for n in range(input)]
`, "inner", `def inner(input):
    print("in", input)
    return input + 1
`)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				result := st.call("outer", "5")
				if result.Exception != nil || string(result.Output) != "[1,2,3,4,5]" {
					t.Errorf("got %s, %v", result.Output, result.Exception)
				}
			}
		})
	}
	group.Wait()
	require.Len(t, st.taken(), 8*20*5)
	require.Len(t, st.printed(), 8*20*5)
}

func TestOneThreadServesManyInterpreters(t *testing.T) {
	t.Parallel()
	var all []*stage
	for n := range 20 {
		all = append(all, setup(t, "who", fmt.Sprintf("SEEN = []\ndef who(input):\n    SEEN.append(%d)\n    return SEEN\n", n)))
	}
	onLockedThread(func() {
		for range 2 {
			for n, st := range all {
				result := st.in.Call(st.args("who", "{}"))
				if result.Exception != nil || !strings.HasPrefix(string(result.Output), fmt.Sprintf("[%d", n)) {
					t.Errorf("got %s, %v", result.Output, result.Exception)
				}
			}
		}
		for n := range all { // some first, some last: the table closes its gaps
			all[(n*7)%len(all)].in.DropThread()
		}
	})
}

func TestDeepRecursionIsAnError(t *testing.T) {
	t.Parallel()
	st := setup(t, "deep", `import json
def deep(input):
    def down(n):
        return down(n + 1)
    nested = []
    for _ in range(100_000):
        nested = [nested]
    seen = []
    for call in (lambda: down(0), lambda: json.dumps(nested), lambda: sorted([1, 2], key=lambda x: down(0))):
        try:
            call()
        except RecursionError:
            seen.append("RecursionError")
    class Deep:
        def __repr__(self):
            return repr(self)
    try:
        repr(Deep())
    except RecursionError:
        seen.append("RecursionError")
    while nested:
        nested = nested.pop()
    return seen
`)
	require.JSONEq(t, `["RecursionError","RecursionError","RecursionError","RecursionError"]`, st.output("deep", "{}"))
}

func TestUnicodeEdges(t *testing.T) {
	t.Parallel()
	st := setup(t, "echo", "def echo(input): return [input, inner(input), len(input)]\n",
		"inner", "def inner(input): return input\n")
	for _, text := range []string{`"\u0000"`, `"\ud800"`, `"é😀\u2028"`, `""`} {
		require.JSONEq(t, fmt.Sprintf("[%s,%s]", text, text), regroup(st.output("echo", text)))
	}
}

// regroup drops the last element of a JSON array of three.
func regroup(list string) string { return list[:strings.LastIndex(list, ",")] + "]" }
