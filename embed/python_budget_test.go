package embed

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/cpython"
)

// boundMemory lets all interpreters hold 200 MB more than they do now. The budget is the
// process's: such a test is not parallel.
func boundMemory(t *testing.T, h *Host) {
	t.Helper()
	h.opt.MemoryBudget = cpython.TotalMemory() + 200<<20
	h.mu.Lock()
	defer h.mu.Unlock()
	require.NoError(t, h.watchMemory())
	t.Cleanup(func() { require.NoError(t, cpython.SetMemoryBudget(0)) })
}

// Near the budget, idle interpreters end, the longest idle first; beyond it, those
// with more than an equal share get no more, and small ones go on.
func TestBudgetOfAllInterpreters(t *testing.T) {
	h := startPython(t, Options{WarmPool: -1})
	e := newTestEngine(h)
	e.define(t, "keeps", "KEPT = []\ndef keeps(input):\n    KEPT.append(bytearray(input << 20))\n    return len(KEPT)\n")
	e.define(t, "eats", "def eats(input):\n    x = []\n    while True: x.append(bytearray(1 << 20))\n")
	e.define(t, "eats_slowly", "def eats_slowly(input):\n    x = []\n    while True:\n        x.append(bytearray(1 << 16))\n        sibling(1)\n")
	e.define(t, "sibling", "def sibling(x): return x\n")
	e.define(t, "works", "def works(input):\n    return len([bytes(1000) for _ in range(2000)])\n")
	e.call(t, "a", "works", "null")
	boundMemory(t, h)

	for n := range 12 {
		outcome := e.call(t, fmt.Sprint("idle", n), "keeps", "30")
		require.Nil(t, outcome.Failure)
	}
	require.Less(t, cpython.TotalMemory(), h.opt.MemoryBudget+60<<20)
	eventually(t, func() bool { return h.Stats().InterpretersRelieved >= 6 }, "interpreters without calls end")
	require.JSONEq(t, "2", string(e.call(t, "idle11", "keeps", "1").Output), "the latest one is there")
	require.JSONEq(t, "1", string(e.call(t, "idle0", "keeps", "1").Output), "the first one is not")

	for _, name := range []string{"eats", "eats_slowly"} {
		outcome := e.call(t, "greedy", name, "null")
		require.Equal(t, "MemoryError", outcome.Failure.Type)
		require.Contains(t, outcome.Failure.Message, "MAX_INTERPRETER_MEMORY")
		require.Less(t, cpython.TotalMemory(), h.opt.MemoryBudget+60<<20)
		require.JSONEq(t, "2000", string(e.call(t, "small", "works", "null").Output))
	}
}

// A request waits for the memory of an interpreter that takes long to end.
func TestBudgetWhileAnInterpreterEnds(t *testing.T) {
	h := startPython(t, Options{WarmPool: -1})
	e := newTestEngine(h)
	e.define(t, "ends_slowly", "import atexit, time\nKEPT = []\ndef ends_slowly(input):\n    KEPT.append(bytearray(60 << 20))\n    atexit.register(time.sleep, 0.5)\n")
	e.define(t, "takes", "def takes(input):\n    return len(bytearray(input << 20)) >> 20\n")
	e.define(t, "works", "def works(input):\n    return 1\n")
	for n := range 3 { // an equal share of what all may hold is less than takes needs
		e.call(t, fmt.Sprint("small", n), "works", "null")
	}
	boundMemory(t, h)
	for range 2 {
		require.Nil(t, e.call(t, "slow", "ends_slowly", "null").Failure)
		require.JSONEq(t, "190", string(e.call(t, "large", "takes", "190").Output))
		// That nothing could be ended for one request says nothing about the next.
		require.Equal(t, "MemoryError", e.call(t, "large", "takes", "400").Failure.Type)
	}
}
