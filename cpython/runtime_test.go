package cpython

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The parts of the runtime share one namespace: a name that two of them bind
// belongs to the later one, and the earlier one breaks.
func TestRuntimePartsBindNoNameTwice(t *testing.T) {
	t.Parallel()
	var parts []string
	for _, name := range []string{"convert", "api", "on_import", "output", "work", "loop", "modules", "load", "stored", "describe", "processes", "packages", "runtime"} {
		text, err := os.ReadFile("../embed/python/" + name + ".py")
		require.NoError(t, err)
		parts = append(parts, string(text))
	}
	input, err := json.Marshal(parts)
	require.NoError(t, err)
	st := setup(t, "twice", `import ast
def twice(parts):
    seen, twice = set(), []
    for part in parts:
        bound = set()
        for node in ast.parse(part).body:
            match node:
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    bound.add(name)
                case ast.Assign(targets=targets):
                    bound |= {t.id for target in targets for t in ast.walk(target) if isinstance(t, ast.Name) and isinstance(t.ctx, ast.Store)}
        twice += seen & bound
        seen |= bound
    return [twice, len(seen) > 30]
`)
	require.JSONEq(t, "[[], true]", st.output("twice", string(input)))
}

// A write to a peer that is gone is an error of the function, and not the end
// of the process.
func TestBrokenPipeIsAnException(t *testing.T) {
	t.Parallel()
	st := setup(t, "writes", `import os, socket, threading
def writes(input):
    seen = []
    def attempt():
        a, b = socket.socketpair()
        b.close()
        read, write = os.pipe()
        os.close(read)
        for send in (a.send, lambda data: os.write(write, data)):
            try:
                send(b"x")
            except OSError as e:
                seen.append(type(e).__name__)
    attempt()
    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return seen
`)
	require.JSONEq(t, `["BrokenPipeError","BrokenPipeError","BrokenPipeError","BrokenPipeError"]`, st.output("writes", "{}"))
}

// Threads that need a module at the same time wait for the one that loads it.
func TestModulesLoadOnce(t *testing.T) {
	t.Parallel()
	st := setup(t, "outer", `from concurrent.futures import ThreadPoolExecutor
def outer(input):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(slow, range(8)))
`, "slow", `import time
time.sleep(0.02)
print("loaded")
def slow(input): return helper(input)
`, "helper", "helped = other(1)\ndef helper(input): return input + helped\n",
		"other", "def other(input): return 10\n")
	require.JSONEq(t, "[10,11,12,13,14,15,16,17]", st.output("outer", "{}"))
	require.Len(t, st.printed(), 1)
}
