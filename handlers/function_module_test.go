package handlers_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

const asModule = `"kind":"module"`

// setupApart is setup with a subtenant, and so an interpreter, that no other test
// has: stored modules are one interpreter's.
func setupApart(t *testing.T) *fixture {
	t.Helper()
	f := setup(t)
	id := strings.ToLower(t.Name() + "-" + rand.Text()[:8])
	f.must(ask{call: "POST /api/v1/subtenants", token: f.mint("default", true), body: `{"subtenant_id":"` + id + `"}`, status: 201})
	f.token = f.mint(id, false)
	return f
}

// change gives a function or a module other code.
func (f *fixture) change(name, code string) answer {
	f.t.Helper()
	body, err := json.Marshal(map[string]string{"code": code})
	require.NoError(f.t, err)
	return f.must(ask{call: "PUT /api/v1/functions/" + name, body: string(body), status: 200})
}

// result runs a function, which must succeed, and returns its result as JSON.
func (f *fixture) result(name string, input any) string {
	f.t.Helper()
	got := f.must(f.run(name, input, 200))
	var said struct{ Result json.RawMessage }
	require.NoError(f.t, json.Unmarshal([]byte(got.text), &said))
	return string(said.Result)
}

func (f *fixture) run(name string, input any, status int, want ...string) ask {
	f.t.Helper()
	body, err := json.Marshal(map[string]any{"function_name": name, "input_data": input})
	require.NoError(f.t, err)
	return ask{name: name, call: "POST /api/v1/executions", body: string(body), status: status, want: want}
}

// TestModulesAreImportedByName: in every way in which Python imports.
func TestModulesAreImportedByName(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	f.function("money", "RATE = 2\ndef cents(x):\n    return x * RATE\n", asModule)
	for i, code := range []string{
		"from money import cents\ndef %s(x):\n    return cents(x)",
		"import money\ndef %s(x):\n    return money.cents(x)",
		"import money as m\ndef %s(x):\n    return m.cents(x)",
		"def %s(x):\n    from money import cents as c\n    return c(x)",
		"from money import *\ndef %s(x):\n    return cents(x)",
		"import importlib\ndef %s(x):\n    return importlib.import_module('mon' + 'ey').cents(x)",
		"def %s(x):\n    return __import__('money').cents(x)",
	} {
		name := fmt.Sprintf("way_%d", i)
		f.function(name, fmt.Sprintf(code, name))
		require.Equal(t, "42", f.result(name, 21), code)
		require.Equal(t, "42", f.result(name, 21), code)
	}
	f.change("money", "RATE = 3\ndef cents(x):\n    return x * RATE\n")
	for i := range 7 {
		require.Equal(t, "63", f.result(fmt.Sprintf("way_%d", i), 21), "a change shows at the next call: way %d", i)
	}
	f.must(ask{call: "POST /api/v1/functions/money/rollback/1", status: 200, want: []string{`"version":3`, `"kind":"module"`}})
	for i := range 7 {
		require.Equal(t, "42", f.result(fmt.Sprintf("way_%d", i), 21), "a rollback shows too: way %d", i)
	}
	got := f.must(ask{call: "DELETE /api/v1/functions/money", status: 204})
	require.Equal(t, "way_0, way_1, way_2, way_3, way_4", got.Header.Get("X-Called-By"))
	for i := range 7 {
		f.must(f.run(fmt.Sprintf("way_%d", i), 21, 500, "ModuleNotFoundError", "No module named 'money'"))
	}
	f.function("money", "def cents(x):\n    return -x\n", asModule)
	for i := range 7 {
		require.Equal(t, "-21", f.result(fmt.Sprintf("way_%d", i), 21), "it comes back: way %d", i)
	}
}

// TestModulesImportModules: a change deep down reaches the function on top.
func TestModulesImportModules(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	f.function("deep", "VALUE = 1", asModule)
	f.function("middle", "from deep import VALUE\nSEEN = [VALUE]", asModule)
	f.function("aside", "LOADED = []", asModule)
	f.function("top", "from middle import SEEN\nimport aside\naside.LOADED.append(1)\ndef top(x):\n    return [SEEN, len(aside.LOADED)]")
	require.Equal(t, "[[1],1]", f.result("top", nil))
	require.Equal(t, "[[1],1]", f.result("top", nil))
	f.change("deep", "VALUE = 2")
	require.Equal(t, "[[2],2]", f.result("top", nil), "the module that has not changed is the same object")
	f.change("middle", "import deep\nSEEN = ['new', deep.VALUE]")
	require.Equal(t, `[["new",2],3]`, f.result("top", nil))
	// A cycle behaves as in Python.
	f.function("left", "import right\nA = 1\ndef both():\n    return A + right.B", asModule)
	f.function("right", "import left\nB = 2\ndef both():\n    return left.A + B", asModule)
	f.function("cycle", "import left, right\ndef cycle(x):\n    return [left.both(), right.both()]")
	require.Equal(t, "[3,3]", f.result("cycle", nil))
	f.change("right", "import left\nB = 20\ndef both():\n    return left.A + B")
	require.Equal(t, "[21,21]", f.result("cycle", nil))
	f.function("one", "from two import B\nA = 1", asModule)
	f.function("two", "from one import A\nB = 2", asModule)
	f.function("broken", "import one\ndef broken(x):\n    return one.A")
	f.must(f.run("broken", nil, 500, "ImportError", "partially initialized module 'one'", "most likely due to a circular import"))
}

// TestModulesInTracebacksAndInspection: their lines show like functions' do.
func TestModulesInTracebacksAndInspection(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	f.function("shapes", "import dataclasses, inspect\n\n@dataclasses.dataclass\nclass Point:\n    x: int\n    y: int = 0\n\nclass Refused(ValueError):\n    pass\n\ndef fail(x):\n    raise Refused(f'no {x}')\n", asModule)
	f.function("fails", "import shapes\ndef fails(x):\n    shapes.fail(x)\n")
	got := f.must(f.run("fails", 7, 500, `"error_type":"Refused"`))
	text := f.must(ask{call: "GET /api/v1/executions/" + got.Header.Get("X-Execution-ID"), status: 200}).text
	require.Contains(t, member(t, text, "traceback"), `File "<fails v1>", line 3, in fails`)
	require.Contains(t, member(t, text, "traceback"), "File \"<shapes v1>\", line 12, in fail\n    raise Refused(f'no {x}')")
	f.function("looks", `import inspect, pickle, copy
import shapes
from shapes import Point, Refused

def looks(x):
    again = pickle.loads(pickle.dumps(Point(1, 2)))
    try:
        fails(x)
    except Refused as error:
        caught = str(error)
    source = inspect.getsource(shapes.fail), inspect.getsource(Point), inspect.getsource(shapes) == inspect.getsource(inspect.getmodule(Point))
    return {"point": again, "same": again == Point(1, 2), "caught": caught, "source": source, "module": Point.__module__, "file": shapes.__file__, "copy": copy.deepcopy(Point(3)), "repr": repr(shapes)}
`)
	want := `{"point":{"x":1,"y":2},"same":true,"caught":"no 5","module":"shapes","file":"<shapes v1>","copy":{"x":3,"y":0},"repr":"<module 'shapes' from '<shapes v1>'>",` +
		`"source":["def fail(x):\n    raise Refused(f'no {x}')\n","@dataclasses.dataclass\nclass Point:\n    x: int\n    y: int = 0\n",true]}`
	require.JSONEq(t, want, f.result("looks", 5))
	require.JSONEq(t, want, f.result("looks", 5))
	// One that fails on import fails its importer's call, at its line, each time.
	f.function("broken", "x = 1\ny = x / 0\n", asModule)
	f.function("tries", "import broken\ndef tries(x):\n    return broken.y")
	for range 2 {
		got = f.must(f.run("tries", 1, 500, "ZeroDivisionError"))
		text = f.must(ask{call: "GET /api/v1/executions/" + got.Header.Get("X-Execution-ID"), status: 200}).text
		require.Contains(t, member(t, text, "traceback"), "File \"<broken v1>\", line 2, in <module>\n    y = x / 0")
	}
	f.change("broken", "y = 3")
	require.Equal(t, "3", f.result("tries", 1))
	f.function("reloads", "import importlib, broken\ndef reloads(x):\n    broken.y = 4\n    before = broken.y\n    return [before, importlib.reload(broken).y, broken.__spec__.loader.get_source('broken')]")
	require.Equal(t, `[4,3,"y = 3\n"]`, f.result("reloads", 1))
}

// TestModulesCallSiblings: by plain name, and each call is a step.
func TestModulesCallSiblings(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	f.function("double", "def double(x):\n    return 2 * x")
	f.function("lists", "def each(values):\n    return [double(v) for v in values]\n", asModule)
	f.function("outer", "from lists import each\ndef outer(x):\n    return each(x)")
	got := f.must(f.run("outer", []int{1, 2}, 200, `"result":[2,4]`))
	steps := f.must(ask{call: "GET /api/v1/executions/" + got.Header.Get("X-Execution-ID") + "/steps", status: 200}).text
	require.Equal(t, 2, strings.Count(steps, `"function_name":"double"`))
	require.NotContains(t, steps, "each")
	f.all([]ask{
		f.run("lists", 1, 409, `"code":"function_is_module"`, "nothing ran"),
		{call: "POST /api/v1/executions", body: `{"function_name":"lists","mode":"async"}`, status: 409, want: []string{"function_is_module"}},
		{call: "POST /api/v1/webhooks", body: `{"path":"x","function_name":"lists"}`, status: 422, want: []string{"/function_name", "is a module"}},
		{call: "POST /api/v1/schedules", body: `{"name":"x","function_name":"lists","cron_expression":"@daily"}`, status: 422, want: []string{"/function_name", "is a module"}},
		{call: "PUT /api/v1/functions/lists", body: `{"kind":"function"}`, status: 422, want: []string{"/kind"}},
		{call: "PUT /api/v1/functions/lists", body: `{"kind":"module"}`, status: 200, want: []string{`"version":1`}},
		{call: "PUT /api/v1/functions/lists", body: `{"timeout_seconds":3}`, status: 422, want: []string{"/timeout_seconds", "imported and not run"}},
		{call: "POST /api/v1/functions", body: `{"name":"m","kind":"module","code":"","input_schema":{}}`, status: 422, want: []string{"/input_schema"}},
		{call: "POST /api/v1/functions", body: `{"name":"m","kind":"package","code":""}`, status: 422, want: []string{"/kind"}},
		{call: "POST /api/v1/functions", body: `{"name":"json","kind":"module","code":""}`, status: 422, want: []string{`"/name"`, "standard library"}},
		{call: "POST /api/v1/functions", body: `{"name":"m","kind":"module","code":"def ("}`, status: 422, want: []string{"syntax_error"}},
		{call: "POST /api/v1/functions", body: `{"name":"maestro","kind":"module","code":""}`, status: 422},
	})
	f.function("calls", "def calls(x):\n    return lists(x)")
	f.must(f.run("calls", 1, 500, "NameError", "name 'lists' is not defined"))
	// The name of a deleted module may become a function's, with its history.
	f.must(ask{call: "DELETE /api/v1/functions/lists", status: 204})
	f.function("lists", "def lists(x):\n    return x")
	require.Equal(t, "1", f.result("calls", 1))
	f.must(f.run("outer", []int{1}, 500, "ModuleNotFoundError"))
	f.must(ask{call: "POST /api/v1/functions/lists/rollback/1", status: 422, want: []string{"function_not_defined"}})
}

// TestModulesUnderLoad: a call sees every change of a module that was confirmed
// before the call began, by every form of import.
func TestModulesUnderLoad(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	code := func(n int) string { return fmt.Sprintf("A = %d\ndef get():\n    return A\n", n) }
	f.function("state", code(0), asModule)
	f.function("via", "import state\ndef get():\n    return state.get()", asModule)
	f.function("reads", "import state, via\nfrom state import A\ndef reads(x):\n    import state as late\n    return [A, state.get(), via.get(), late.A]")
	f.function("outer", "def outer(x):\n    return reads(x)")
	var stored atomic.Int64
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for i := range 6 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				least := stored.Load()
				got := f.do(f.run([]string{"reads", "outer"}[i%2], nil, 200))
				var said struct{ Result []int64 }
				if json.Unmarshal([]byte(got.text), &said) != nil || len(said.Result) != 4 || slices.Min(said.Result) < least {
					t.Errorf("after change %d: %s", least, got.text)
					return
				}
			}
		})
	}
	for n := 1; n <= 25; n++ {
		f.change("state", code(n))
		stored.Store(int64(n))
		require.Equal(t, fmt.Sprintf("[%d,%d,%d,%d]", n, n, n, n), f.result("outer", nil))
	}
	close(stop)
	readers.Wait()
}
