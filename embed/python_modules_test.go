package embed

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// module stores a module, replacing its former version. What imports it must be
// defined anew by the test: that is the engine's part.
func (e *testEngine) module(t testing.TB, name, source string) {
	t.Helper()
	p, err := compilerOf(t, e.host).CompileModule(t.Context(), name, 1, source)
	require.NoError(t, err)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.modules == nil {
		e.modules = map[string]*model.Program{}
	}
	e.modules[name] = p
	e.generation++
}

func (e *testEngine) output(t testing.TB, tenant, name, input string) string {
	t.Helper()
	outcome := e.call(t, tenant, name, input)
	require.Nil(t, outcome.Failure, "%+v", outcome.Failure)
	return string(outcome.Output)
}

// TestPythonModuleOrder: a stored module hides neither the standard library's
// modules nor packages.
func TestPythonModuleOrder(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.module(t, "theirs", "VERSION = 'stored'")
	e.module(t, "mine", "VERSION = 'stored'")
	_, err := compilerOf(t, e.host).CompileModule(t.Context(), "colorsys", 1, "")
	require.Equal(t, model.CodeInvalid, model.CodeOf(err), "it could never be imported")
	e.define(t, "f", "import theirs, mine\ndef f(x):\n    return [theirs.VERSION, mine.VERSION]")
	require.JSONEq(t, `["stored","stored"]`, e.output(t, "without", "f", "null"))
	require.JSONEq(t, `[3,"stored"]`, e.outputWith(t, "with", "f", "null", packagesOf(t, 3, nil)))
}

// TestPythonModulesDoNotWaitForEachOther: threads that load modules and functions
// in opposite orders, each of whose code leads to the other's, come to an end.
func TestPythonModulesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	pause := "import time\ntime.sleep(0.01)\n"
	e.define(t, "late", "def late(x):\n    import helpers\n    return helpers.VALUE")
	for round := range 8 {
		// helpers, while it is loaded, calls a function whose module imports helpers.
		e.module(t, "helpers", pause+"VALUE = early(1)\n")
		e.module(t, "others", pause+"import helpers\nVALUE = 2\n")
		e.define(t, "early", pause+"import others\ndef early(x):\n    return x")
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				name := []string{"late", "early", "late"}[i%3]
				outcome, err := e.callFor(t.Context(), "a", name, "1", 20*time.Second)
				if err != nil || outcome.Failure != nil && outcome.Failure.Kind != model.FailureException {
					t.Errorf("round %d: %s: %v %+v", round, name, err, outcome.Failure)
				}
			})
		}
		wg.Wait()
		require.Equal(t, "1", e.output(t, "a", "late", "1"), "round %d", round)
		require.Equal(t, "1", e.output(t, "a", "early", "1"), "round %d", round)
	}
}

// TestPythonModuleIsStoppedWhileItLoads: in its own code, and the subtenant's
// next calls work.
func TestPythonModuleIsStoppedWhileItLoads(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	defer eventually(t, func() bool { s := h.Stats(); return s.Stuck()+s.ThreadsBusy == 0 }, "stuck calls end")
	e := newTestEngine(h)
	for i, code := range []string{"while True: pass", "import time\ntime.sleep(1e6)", "import second", "endless(1)"} {
		tenant := fmt.Sprintf("t%d", i)
		e.module(t, "second", "import sys\nwhile True: pass")
		e.module(t, "first", code)
		e.define(t, "endless", "while True: pass\ndef endless(x): pass")
		e.define(t, "f", "import first\ndef f(x):\n    return 1")
		outcome, err := e.callFor(t.Context(), tenant, "f", "null", 200*time.Millisecond)
		require.NoError(t, err)
		require.Equal(t, model.FailureTimeout, outcome.Failure.Kind, code)
		e.module(t, "first", "VALUE = 1")
		e.define(t, "f", "import first\ndef f(x):\n    return first.VALUE")
		outcome, err = e.callFor(t.Context(), tenant, "f", "null", 10*time.Second)
		require.NoError(t, err)
		require.Nil(t, outcome.Failure, "%s: %+v", code, outcome.Failure)
		require.Equal(t, "1", string(outcome.Output), code)
	}
}

// TestPythonModuleAfterItsCall: what a thread imports when its call is over is
// not there, as for every module that can't be found.
func TestPythonModuleAfterItsCall(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.module(t, "helpers", "VALUE = 1")
	e.define(t, "begin", `import threading
said, over = [], threading.Event()
def late():
    over.wait()
    try:
        import helpers
        said.append(helpers.VALUE)
    except ModuleNotFoundError as error:
        said.append(error.name)
thread = threading.Thread(target=late)
def begin(x):
    if x:
        thread.start()
        return said
    over.set()
    thread.join()
    return said`)
	require.JSONEq(t, "[]", e.output(t, "a", "begin", "true"))
	require.JSONEq(t, `["helpers"]`, e.output(t, "a", "begin", "false"))
}
