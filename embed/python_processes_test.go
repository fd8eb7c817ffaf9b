package embed

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

const processFunctions = `import math, multiprocessing, subprocess, sys, time
from concurrent.futures import ProcessPoolExecutor
def stored(x): return x
def processes(input):
    kind, function, argument = input
    function = {"sqrt": math.sqrt, "sleep": time.sleep, "stored": stored}[function]
    try:
        if kind == "pool":
            with multiprocessing.Pool(1) as pool:
                return pool.map(function, [argument])
        if kind == "executor":
            with ProcessPoolExecutor(1) as executor:
                return [executor.submit(function, argument).result()]
        if kind == "process":
            process = multiprocessing.Process(target=function, args=(argument,))
            process.start()
            process.join()
            return process.exitcode
        return subprocess.run([sys.executable, "-c", f"import time; time.sleep({argument})"]).returncode
    except RuntimeError as e:
        return "ThreadPoolExecutor" in str(e)
`

// Calls that use other processes end, also those that reach their deadline, and
// leave no thread behind that is stuck.
func TestProcessesLeaveNoThreadStuck(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "processes", processFunctions)
	cases := []struct {
		input, want string
		limit       time.Duration
	}{
		{`["pool","sqrt",4]`, "[2.0]", time.Minute},
		{`["executor","sqrt",4]`, "[2.0]", time.Minute},
		{`["process","sqrt",4]`, "0", time.Minute},
		{`["subprocess","sqrt",0]`, "0", time.Minute},
		{`["pool","stored",4]`, "true", time.Minute},
		{`["executor","stored",4]`, "true", time.Minute},
		{`["process","stored",4]`, "true", time.Minute},
		{`["pool","sleep",60]`, "", 300 * time.Millisecond},
		{`["executor","sleep",60]`, "", 300 * time.Millisecond},
		{`["process","sleep",60]`, "", 300 * time.Millisecond},
		{`["subprocess","sleep",60]`, "", 300 * time.Millisecond},
	}
	for round := range 4 {
		var calls sync.WaitGroup
		for _, c := range cases {
			calls.Go(func() {
				outcome, err := e.callFor(t.Context(), fmt.Sprintf("tenant-%d", round%2), "processes", c.input, c.limit)
				switch {
				case err != nil:
					t.Error(c.input, err)
				case c.want == "" && (outcome.Failure == nil || outcome.Failure.Kind != model.FailureTimeout),
					c.want != "" && (outcome.Failure != nil || strings.TrimSpace(string(outcome.Output)) != c.want):
					t.Error(c.input, outcome.Failure, string(outcome.Output))
				}
			})
		}
		calls.Wait()
	}
	require.Eventually(t, func() bool {
		s := h.Stats()
		return s.Stuck() == 0 && s.ThreadsBusy == 0
	}, 2*time.Minute, 10*time.Millisecond) // a process that began after the last stop sleeps for a minute
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	require.NoError(t, h.Close(ctx))
}

// A call whose C code has changed its thread is counted.
func TestChangedThreadsAreCounted(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "damage", "import ctypes\ndef damage(input):\n    ctypes.CDLL(None).umask(0o777)\n")
	e.define(t, "look", "import os\ndef look(input):\n    mask = os.umask(0)\n    os.umask(mask)\n    return mask\n")
	before := h.Stats().ThreadsChanged
	want := e.call(t, "b", "look", "null").Output
	require.Nil(t, e.call(t, "a", "damage", "null").Failure)
	require.Greater(t, h.Stats().ThreadsChanged, before)
	require.Equal(t, string(want), string(e.call(t, "b", "look", "null").Output))
}
