package cpython

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSiblingArguments(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"outer", `def outer(input):
    def attempt(call):
        try:
            return call()
        except TypeError as e:
            return str(e)
    return [
        echo({"a": 1}), echo(a=1, name="x"), echo(), echo([1]), echo(None),
        attempt(lambda: echo(1, 2)), attempt(lambda: echo(1, a=2)), attempt(lambda: echo(*[1, 2, 3])),
        echo(*[5]), echo(**{"k": 1}),
    ]
`,
		"echo", "def echo(input): return input\n")
	require.JSONEq(t, `[{"a":1},{"a":1,"name":"x"},{},[1],null,
		"echo() takes 1 positional argument but 2 were given",
		"echo() takes one input or keyword arguments, not both",
		"echo() takes 1 positional argument but 3 were given",
		5,{"k":1}]`, st.output("outer", "{}"))
}

func TestSiblingIsAValue(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"outer", `from concurrent.futures import ThreadPoolExecutor
def outer(input):
    f = double
    with ThreadPoolExecutor(3) as pool:
        pooled = list(pool.map(double, [1, 2, 3]))
    return [list(map(double, [1, 2])), f(4), pooled, double.__name__, repr(double), callable(double), eval("double(9)")]
`,
		"double", "def double(input): return input * 2\n")
	require.JSONEq(t, `[[2,4],8,[2,4,6],"double","<function double of this subtenant>",true,18]`, st.output("outer", "{}"))
	steps := st.taken()
	require.Len(t, steps, 7)
	for _, step := range steps {
		require.Zero(t, step.Parent, "a thread of the call's own is not the call")
	}
}

func TestSiblingSharesNothing(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"outer", `def outer(input):
    mine = {"list": [1]}
    theirs = change(mine)
    kept = keep({})
    kept["x"] = 1
    return [mine, theirs, keep({})]
`,
		"change", `def change(input):
    input["list"].append(2)
    return input
`,
		"keep", `KEPT = {}
def keep(input): return KEPT
`)
	require.JSONEq(t, `[{"list":[1]},{"list":[1,2]},{}]`, st.output("outer", "{}"))
}

func TestOwnNamesWinOverSiblings(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"outer", `def helper(x): return "own"
def outer(input, depth=0):
    if depth < 2:
        return outer(input, depth + 1)
    globals()["late"] = lambda x: "late"
    exec("def made(x): return 'made'", globals())
    return [helper(1), late(1), made(1), (lambda helper: helper(1))(lambda x: "parameter")]
`,
		"helper", "def helper(input): return 'sibling'\n",
		"late", "def late(input): return 'sibling'\n",
		"made", "def made(input): return 'sibling'\n")
	require.JSONEq(t, `["own","late","made","parameter"]`, st.output("outer", "{}"))
	require.Empty(t, st.taken())
}

func TestSiblingsChange(t *testing.T) {
	t.Parallel()
	st := setup(t, "outer", `def outer(input):
    try:
        return [inner(1), "inner" in __builtins__]
    except NameError as e:
        return str(e)
`)
	require.Equal(t, `"name 'inner' is not defined"`, st.output("outer", "{}"))
	st.put("inner", "def inner(input): return 'first'\n")
	require.Equal(t, `["first",true]`, st.output("outer", "{}"))
	st.put("inner", "def inner(input): return 'second'\n")
	require.Equal(t, `["second",true]`, st.output("outer", "{}"))
	st.put("inner", "async def inner(input): return 'async'\n")
	require.Equal(t, ExceptionOutputJSON, st.failure("outer", "{}").Kind, "a coroutine is no JSON value")
	st.remove("inner")
	require.Equal(t, `"name 'inner' is not defined"`, st.output("outer", "{}"))
}

func TestVersionsAreSeparateModules(t *testing.T) {
	t.Parallel()
	source := `COUNT = 0
def counted(input):
    global COUNT
    COUNT += 1
    return [COUNT, __name__ in __import__("sys").modules]
`
	st := setup(t, "counted", source)
	require.Equal(t, "[1,true]", st.output("counted", "{}"))
	require.Equal(t, "[2,true]", st.output("counted", "{}"))
	for range 5 { // and old ones go
		st.put("counted", source)
		require.Equal(t, "[1,true]", st.output("counted", "{}"))
	}
}

func TestCircularImportIsAnError(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"a", "VALUE = b(1)\ndef a(input): return VALUE\n",
		"b", "def b(input): return a(1)\n",
		"fine", "VALUE = helper(20)\ndef fine(input): return VALUE\n",
		"helper", "def helper(input): return input + 1\n")
	require.Contains(t, st.failure("a", "{}").Message, "still loading")
	require.Equal(t, "21", st.output("fine", "{}"))
}

func TestSiblingCycle(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"ping", "def ping(n): return pong(n - 1) if n else 'end'\n",
		"pong", "def pong(n): return ping(n - 1) if n else 'end'\n")
	require.Equal(t, `"end"`, st.output("ping", "100"))
	require.Len(t, st.taken(), 100)
}

func TestConveniencesNeedNoImport(t *testing.T) {
	t.Parallel()
	st := setup(t, "f", `def f(input):
    return [json.dumps([1]), str(uuid.UUID(int=1)), datetime(2026, 1, 2).isoformat(), datetime.fromisoformat("2026-01-02").day]
`, "g", `from datetime import datetime as datetime
import datetime as datetime
def g(input): return datetime.date(2026, 1, 2).isoformat()
`)
	require.JSONEq(t, `["[1]","00000000-0000-0000-0000-000000000001","2026-01-02T00:00:00",2]`, st.output("f", "{}"))
	require.Equal(t, `"2026-01-02"`, st.output("g", "{}"))
}

func TestDataclassesAndPickle(t *testing.T) {
	t.Parallel()
	st := setup(t, "f", `import dataclasses, pickle, typing, enum
@dataclasses.dataclass
class Point:
    x: int
    y: "typing.ClassVar[int]" = 3
class Colour(enum.Enum):
    RED = "red"
def f(input):
    p = pickle.loads(pickle.dumps(Point(1)))
    return [p, isinstance(p, Point), Colour.RED, typing.get_type_hints(Point)["x"].__name__]
`)
	require.JSONEq(t, `[{"x":1},true,"red","int"]`, st.output("f", "{}"))
}

func TestMaestroModule(t *testing.T) {
	t.Parallel()
	st := setup(t, "f", `import maestro
def f(input):
    c = maestro.context()
    answers = [c.execution_id, c["function"], c.deadline.year, c.step_id, inner({})]
    try:
        import _maestro
    except ImportError as e:
        answers.append(str(e))
    maestro.log.info("hello", n=1)
    maestro.log.error("bad")
    return answers
`, "inner", "def inner(input):\n    import maestro\n    return maestro.context().function\n",
		"respond", "import maestro\ndef respond(input): return maestro.Response({'a': 1}, 201, {'X-A': 1})\n")
	require.JSONEq(t, `["e","f0",2026,null,"f1","_maestro belongs to the runtime"]`, st.output("f", "{}"))
	require.Equal(t, []line{{0, "", "info", "hello", `{"n":1}`}, {0, "", "error", "bad", ""}}, st.printed())

	result := st.call("respond", "{}")
	require.True(t, result.Response)
	require.JSONEq(t, `{"status_code":201,"headers":{"X-A":"1"},"body":{"a":1}}`, string(result.Output))
}

func TestHeadersInAnyCase(t *testing.T) {
	t.Parallel()
	st := setup(t, "f", `def f(input):
    h = input["headers"]
    again = g(input)
    return [h["x-user-id"], h.get("X-USER-ID"), "x-User-id" in h, h.get("none"), list(h), again]
`, "g", `def g(input):
    h = input["headers"]
    try:
        h["nope"]
    except KeyError as e:
        missing = e.args[0]
    return [h["X-user-id"], type(h).__name__, missing]
`)
	args := st.args("f", `{"headers": {"X-User-ID": "u1"}}`)
	args.Request = true
	var result CallResult
	st.onThread(func() { result = st.in.Call(args) })
	require.Nil(t, result.Exception)
	require.JSONEq(t, `["u1","u1",true,null,["X-User-ID"],["u1","Headers","nope"]]`, string(result.Output))
}
