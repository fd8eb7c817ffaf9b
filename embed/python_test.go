package embed

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/cpython"
	"maestro/internal/model"
	"maestro/internal/testkit"
)

// TestMain wants everything on the C side to be gone at the end. It counts
// with the build tag debug_cpython only.
func TestMain(m *testing.M) {
	status := m.Run()
	endCompilerBeside()
	for what, left := range cpython.Counters() {
		if left != leftOnPurpose(what) && status == 0 {
			fmt.Fprintf(os.Stderr, "%d %s are left\n", left, what)
			status = 1
		}
	}
	os.Exit(status)
}

// leftOnPurpose is what tests leave behind that show what cannot be ended.
func leftOnPurpose(string) int64 { return 0 }

// startPython starts a host with Python and closes it at the test's end.
func startPython(t testing.TB, opt Options) *Host {
	t.Helper()
	opt.Home = testkit.KitHome(t)
	opt.Log = testkit.Logger(t)
	opt.Main = inMain()
	opt.WaitLimit = cmp.Or(opt.WaitLimit, time.Minute) // on a busy machine the default is short
	h, err := New(opt)
	require.NoError(t, err)
	h.onIllegalMove = func(machine, from, to string) { t.Errorf("illegal move of %s from %s to %s", machine, from, to) }
	require.NoError(t, h.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, h.Close(ctx))
	})
	return h
}

// testEngine is a model.Host over a set of functions. It keeps the log lines.
type testEngine struct {
	host     *Host
	function string // that maestro.context() names

	mu         sync.Mutex
	functions  map[string]*model.Program
	modules    map[string]*model.Program
	generation uint64
	steps      model.StepRef
	spawned    int
	logs       []model.LogLine
	failures   []*model.Failure
}

func newTestEngine(h *Host) *testEngine {
	return &testEngine{host: h, functions: map[string]*model.Program{}}
}

// define stores a function, replacing its former version.
func (e *testEngine) define(t testing.TB, name, source string) *model.Program {
	t.Helper()
	p, err := compilerOf(t, e.host).Compile(t.Context(), name, 1, source)
	require.NoError(t, err)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.functions[name] = p
	e.generation++
	return p
}

// call runs a stored function.
func (e *testEngine) call(t testing.TB, tenant, name, input string) model.Outcome {
	t.Helper()
	outcome, err := e.callFor(t.Context(), tenant, name, input, time.Minute)
	require.NoError(t, err)
	return outcome
}

func (e *testEngine) callFor(ctx context.Context, tenant, name, input string, limit time.Duration) (model.Outcome, error) {
	e.mu.Lock()
	p := e.functions[name]
	e.mu.Unlock()
	return e.host.Call(ctx, model.Call{
		Tenant: tenant, Program: p, Input: []byte(input), Host: e, Deadline: time.Now().Add(limit),
	})
}

func (e *testEngine) BeginStep(_ model.StepRef, name string, _ []byte) (model.Begun, *model.Raise) {
	p, raise := e.Lookup(name)
	if raise != nil {
		return model.Begun{}, raise
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.steps++
	return model.Begun{Step: e.steps, Program: p}, nil
}

func (e *testEngine) EndStep(_ model.StepRef, _ []byte, failure *model.Failure) *model.Raise {
	e.mu.Lock()
	defer e.mu.Unlock()
	if failure != nil {
		e.failures = append(e.failures, failure)
	}
	return nil
}

func (e *testEngine) Lookup(name string) (*model.Program, *model.Raise) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p := e.functions[name]; p != nil {
		return p, nil
	}
	return nil, &model.Raise{Kind: model.RaiseName, Name: name, Message: fmt.Sprintf("name '%s' is not defined", name)}
}

func (e *testEngine) Module(name string) (*model.Program, *model.Raise) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.modules[name], nil
}

func (e *testEngine) Siblings() ([]string, uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var names []string
	for name := range e.functions {
		names = append(names, name)
	}
	return names, e.generation
}

func (e *testEngine) Generation() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.generation
}

func (e *testEngine) Log(_ model.StepRef, line model.LogLine) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.logs = append(e.logs, line)
}

func (e *testEngine) Info(model.StepRef) model.CallInfo {
	return model.CallInfo{Function: cmp.Or(e.function, "f")}
}

func (e *testEngine) Spawn(string, []byte, time.Duration) (model.ID, *model.Raise) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.spawned++
	return model.ID{}, &model.Raise{Kind: model.RaiseEngine}
}
func (e *testEngine) Emit(model.Emitted, bool) model.EmitState { return model.EmitCollect }

func (e *testEngine) Secret(_ model.StepRef, name string) (string, *model.Raise) {
	return "the value of " + name, nil
}

func (e *testEngine) Request() (*model.HTTPRequest, *model.Raise) { return nil, nil }

func TestPythonCall(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "greet", "def greet(input):\n    return {'message': 'Hello, ' + input['name']}\n")
	outcome := e.call(t, "a", "greet", `{"name": "Ada"}`)
	require.Nil(t, outcome.Failure)
	require.JSONEq(t, `{"message": "Hello, Ada"}`, string(outcome.Output))
}

func TestPythonException(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "f", "def f(input):\n    raise ValueError('no good')\n")
	failure := e.call(t, "a", "f", "null").Failure
	require.NotNil(t, failure)
	require.Equal(t, model.FailureException, failure.Kind)
	require.Equal(t, "ValueError", failure.Type)
	require.Equal(t, "no good", failure.Message)
	require.Contains(t, failure.Traceback, "line 2")
	require.Contains(t, failure.Traceback, "raise ValueError('no good')")
}

func TestPythonOutputThatIsNoJSON(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "f", "def f(input):\n    return {'a': object()}\n")
	require.Equal(t, model.FailureOutput, e.call(t, "a", "f", "null").Failure.Kind)
}

func TestPythonResponse(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "f", "import maestro\ndef f(input):\n    return maestro.Response({'a': 1}, status_code=201, headers={'X-A': 'b'})\n")
	outcome := e.call(t, "a", "f", "null")
	require.Nil(t, outcome.Failure)
	require.Equal(t, 201, outcome.Response.StatusCode)
	require.Equal(t, model.ResponseHeaders{"X-A": {"b"}}, outcome.Response.Headers)
	require.JSONEq(t, `{"a": 1}`, string(outcome.Response.Body))
}

func TestPythonSiblingsAndSteps(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "double", "def double(x):\n    return 2 * x\n")
	e.define(t, "fail", "def fail(x):\n    raise KeyError(x)\n")
	e.define(t, "f", `
def f(input):
    print("doubling", input)
    try:
        fail(input)
    except KeyError as error:
        assert error.args == (input,)
    return [double(x) for x in range(input)] + list(map(double, [7]))
`)
	outcome := e.call(t, "a", "f", "3")
	require.Nil(t, outcome.Failure)
	require.JSONEq(t, "[0, 2, 4, 14]", string(outcome.Output))
	require.EqualValues(t, 5, e.steps)
	require.Len(t, e.failures, 1)
	require.Equal(t, "KeyError", e.failures[0].Type)
	require.Len(t, e.logs, 1)
	require.Equal(t, "doubling 3", e.logs[0].Text)
	require.Equal(t, "stdout", e.logs[0].Stream)
}

func TestPythonMissingSibling(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "f", "def f(input):\n    return later(input)\n")
	failure := e.call(t, "a", "f", "3").Failure
	require.Equal(t, "NameError", failure.Type)
	e.define(t, "later", "def later(x):\n    return x + 1\n")
	require.JSONEq(t, "4", string(e.call(t, "a", "f", "3").Output))
}

func TestPythonChangeIsSeenByTheNextCall(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "outer", "def outer(input):\n    return inner(input)\n")
	for version := range 20 {
		e.define(t, "inner", fmt.Sprintf("def inner(x):\n    return %d\n", version))
		require.JSONEq(t, fmt.Sprint(version), string(e.call(t, "a", "outer", "null").Output))
	}
}

// Ten thousand calls over a hundred subtenants: each sees its own module
// globals only, and all answers are right.
func TestPythonSubtenantsDoNotCross(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{WaitLimit: time.Minute})
	e := newTestEngine(h)
	e.define(t, "count", `
import threading
lock, calls, seen = threading.Lock(), 0, set()
def count(input):
    global calls
    with lock:
        calls += 1
        seen.add(input)
        return {"tenant": sorted(seen), "calls": calls}
`)
	const tenants, callers, each = 100, 4, 25
	var wg sync.WaitGroup
	for tenant := range tenants {
		counts := make(chan int, callers*each)
		var calling sync.WaitGroup
		for range callers {
			calling.Add(1)
			wg.Go(func() {
				defer calling.Done()
				for range each {
					name := fmt.Sprint("tenant-", tenant)
					outcome, err := e.callFor(t.Context(), name, "count", `"`+name+`"`, time.Minute)
					var got struct {
						Tenant []string
						Calls  int
					}
					if err != nil || outcome.Failure != nil || json.Unmarshal(outcome.Output, &got) != nil {
						t.Errorf("%s: %v, %v", name, err, outcome.Failure)
						return
					}
					if len(got.Tenant) != 1 || got.Tenant[0] != name {
						t.Errorf("%s sees %v", name, got.Tenant)
					}
					counts <- got.Calls
				}
			})
		}
		wg.Go(func() {
			calling.Wait()
			close(counts)
			total := 0
			for n := range counts {
				total += n
			}
			if total != callers*each*(callers*each+1)/2 {
				t.Errorf("tenant %d: its calls did not share one module", tenant)
			}
		})
	}
	wg.Wait()
	require.Equal(t, tenants, h.Stats().InterpretersLive)
}

func TestPythonThreadThatOutlivesItsCall(t *testing.T) {
	t.Parallel()
	lines := make(chan string, 10)
	e := newTestEngine(startPython(t, Options{OnTenantLog: func(tenant string, line model.LogLine) {
		lines <- tenant + ": " + line.Text
	}}))
	e.define(t, "sibling", "def sibling(input):\n    return input\n")
	e.define(t, "start", `
import threading
released = threading.Event()
def late():
    released.wait()
    try:
        sibling(1)
    except RuntimeError as error:
        print("refused:", error)
def start(input):
    global thread
    thread = threading.Thread(target=late)
    thread.start()
`)
	e.define(t, "release", "def release(input):\n    import sys\n    for m in list(sys.modules.values()):\n        getattr(m, 'released', None) and m.released.set()\n    import gc, threading\n    for o in gc.get_objects():\n        if isinstance(o, threading.Event):\n            o.set()\n")
	require.Nil(t, e.call(t, "a", "start", "null").Failure)
	require.Nil(t, e.call(t, "a", "release", "null").Failure)
	select {
	case line := <-lines:
		require.Equal(t, "a: refused: "+outsideAnyCall, line)
	case <-time.After(20 * time.Second):
		t.Fatal("the thread was not heard of")
	}
}

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{WarmPool: -1})
	for name, test := range map[string]struct {
		source       string
		code         model.Code
		line, column int
	}{
		"syntax":      {"def f(input):\n    return (\n", model.CodeSyntaxError, 2, 12},
		"no def":      {"x = 1\n", model.CodeNoSuchDef, 0, 0},
		"parameters":  {"def f(a, b):\n    pass\n", model.CodeNoSuchDef, 1, 0},
		"deep":        {"def f(x):\n    return " + deep(5000) + "\n", model.CodeSyntaxError, 0, 0},
		"null":        {"def f(x):\n    return '\x00'\n", model.CodeSyntaxError, 0, 0},
		"not a place": {"break\ndef f(x): pass\n", model.CodeSyntaxError, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.Compile(t.Context(), "f", 1, test.source)
			var e *model.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, test.code, e.Code)
			require.Len(t, e.Problems, 1)
			require.NotEmpty(t, e.Problems[0].Message)
			if test.line > 0 {
				require.Equal(t, test.line, e.Problems[0].Line)
			}
			if test.column > 0 {
				require.Equal(t, test.column, e.Problems[0].Column)
			}
		})
	}
	p, err := compilerOf(t, h).Compile(t.Context(), "f", 3, "import os\nasync def f(x):\n    return g(x)\n")
	require.NoError(t, err)
	require.True(t, p.Async)
	require.Equal(t, []string{"os"}, p.Imports)
	require.Equal(t, 3, p.Version)
}

func deep(n int) string {
	b := make([]byte, 0, 2*n+1)
	for range n {
		b = append(b, '(')
	}
	b = append(b, '1')
	for range n {
		b = append(b, ')')
	}
	return string(b)
}

// Code that makes up the number of another subtenant's call reaches nothing of
// it: no context, no secret, no function, no log.
func TestPythonForgedFrame(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	victim, thief := newTestEngine(h), newTestEngine(h)
	victim.function, thief.function = "victim", "thief"
	victim.define(t, "wait", "import time\ndef wait(input):\n    print('here')\n    time.sleep(1e6)\n")
	victim.define(t, "private", "def private(input):\n    return 'private'\n")
	thief.define(t, "steal", `
import contextvars, maestro
def steal(input):
    frame = next(v for v in contextvars.copy_context() if v.name == "maestro_frame")
    mine = frame.get()
    got = []
    for call in range(max(0, (mine >> 20) - 200), (mine >> 20) + 200):
        if call == mine >> 20:
            continue
        frame.set(call << 20)
        print("a line of the thief's")
        for what in (lambda: maestro.context().function, lambda: __maestro_call__("private", 1), lambda: maestro.spawn("private", 1)):
            try:
                got.append(what())
            except (RuntimeError, NameError, AttributeError, TypeError, KeyError):
                pass
    frame.set(mine)
    return sorted(set(got))
`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, _ = victim.callFor(ctx, "victim", "wait", "null", time.Minute)
	}()
	eventually(t, func() bool {
		victim.mu.Lock()
		defer victim.mu.Unlock()
		return len(victim.logs) == 1
	}, "the victim's call runs")
	outcome := thief.call(t, "thief", "steal", "null")
	require.Nil(t, outcome.Failure)
	require.JSONEq(t, `["thief"]`, string(outcome.Output), "the frame that it forges changes nothing")
	cancel()
	<-over
	require.Len(t, victim.logs, 1)
	require.Zero(t, victim.steps)
	require.Zero(t, victim.spawned)
	require.NotEmpty(t, thief.logs, "its lines are its own")
}
