package cpython

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExceptionKeepsItsIdentity(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"outer", `import maestro
def outer(input):
    try:
        middle(1)
    except ValueError as e:
        frames = []
        tb = e.__traceback__
        while tb:
            frames.append(tb.tb_frame.f_code.co_name)
            tb = tb.tb_next
        return [type(e).__name__, str(e), e.args[1] is e.marker, frames]
`,
		"middle", `def middle(input):
    inner({})
`,
		"inner", `def inner(input):
    marker = object()
    e = ValueError("wrong é \ud800", marker)
    e.marker = marker
    raise e
`)
	output := st.output("outer", `{}`)
	require.Contains(t, output, `true,["outer","middle","inner"]]`)
	steps := st.taken()
	require.Len(t, steps, 2)
	require.Equal(t, "ValueError", steps[1].Exception.Type)
	require.Equal(t, ExceptionRaised, steps[1].Exception.Kind)
	require.Equal(t, fmt.Sprintf("Traceback (most recent call last):\n  File \"<inner v%d>\", line 5, in inner\n    raise e\nValueError: ",
		st.functions["inner"]), strings.SplitAfter(steps[1].Exception.Traceback, "ValueError: ")[0])
	require.Contains(t, steps[0].Exception.Traceback, "in middle\n    inner({})\n")
	require.Contains(t, steps[0].Exception.Traceback, "in inner\n    raise e\n")
}

func TestExceptionOfTheOuterFunction(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"chained", `def chained(input):
    try:
        {}["k"]
    except KeyError as e:
        raise RuntimeError("on top") from e
`,
		"leaves", `import sys
def leaves(input):
    sys.exit(3)
`,
		"refuses", `def refuses(input):
    return {"a": [1, object()]}
`,
		"imports", `import no_such_module
def imports(input):
    return 1
`,
		"badtext", `class Odd(Exception):
    def __str__(self):
        raise ValueError("no text")
def badtext(input):
    raise Odd()
`)
	failed := st.failure("chained", "{}")
	require.Equal(t, "RuntimeError", failed.Type)
	require.Equal(t, "on top", failed.Message)
	require.Contains(t, failed.Traceback, "KeyError: 'k'\n\nThe above exception was the direct cause")

	require.Equal(t, "SystemExit", st.failure("leaves", "{}").Type)

	failed = st.failure("refuses", "{}")
	require.Equal(t, ExceptionOutputJSON, failed.Kind)
	require.Contains(t, failed.Message, "object")

	for range 2 { // an import that failed is tried again
		failed = st.failure("imports", "{}")
		require.Equal(t, "ModuleNotFoundError", failed.Type)
		require.Equal(t, ExceptionLoad, failed.Kind)
		require.Contains(t, failed.Traceback, "line 1, in <module>\n    import no_such_module")
	}
	require.Equal(t, "Odd", st.failure("badtext", "{}").Type)
	require.Equal(t, ExceptionInputJSON, st.failure("chained", "{").Kind)
}

func TestTracebackLinesAreThoseOfPython(t *testing.T) {
	t.Parallel()
	st := setup(t, "fails", "def fails(input):\n    x = '\u2028 \x0c'\n    raise ValueError(1)  # here\n")
	require.Contains(t, st.failure("fails", "{}").Traceback, "line 3, in fails\n    raise ValueError(1)  # here\n")
}

func TestRefusedStepsRaise(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"outer", `import maestro
def outer(input):
    seen = []
    for call in (lambda: strict(1), lambda: lax(1), lambda: deep(1), lambda: panics(1), lambda: missing(1)):
        try:
            call()
        except Exception as e:
            seen.append([type(e).__name__, str(e), isinstance(e, ValueError), getattr(e, "errors", None), getattr(e, "name", None)])
    return seen
`,
		"strict", "def strict(input): return 1\n",
		"lax", "def lax(input): return 1\n",
		"deep", "def deep(input): return 1\n",
		"panics", "def panics(input): return 1\n")
	problems := []byte(`[{"pointer":"/a","message":"bad"}]`)
	st.refuse["strict"] = &Raise{Kind: 3, Message: "input", Problems: problems}
	st.refuseEnd["lax"] = &Raise{Kind: 4, Message: "output", Problems: problems}
	st.refuse["deep"] = &Raise{Kind: 2, Message: "too deep"}
	require.JSONEq(t, `[
		["InputInvalid", "input", true, [{"pointer":"/a","message":"bad"}], null],
		["OutputInvalid", "output", true, [{"pointer":"/a","message":"bad"}], null],
		["RecursionError", "too deep", false, null, null],
		["RuntimeError", "internal error: a fault in a callback", false, null, null],
		["NameError", "name 'missing' is not defined", false, null, "missing"]
	]`, st.output("outer", "{}"))
}

func TestFailureDescriptionsStayBounded(t *testing.T) {
	t.Parallel()
	st := setup(t, "down", `def down(input):
    def recurse(n):
        return recurse(n + 1)
    return recurse(0)
`)
	failed := st.failure("down", "{}")
	require.Equal(t, "RecursionError", failed.Type)
	require.Less(t, len(failed.Traceback), 8000)
	require.Contains(t, failed.Traceback, " more …")
}

// A retry policy knows a class by its own name and its bases', plainly or with
// their modules.
func TestExceptionNamesItsBases(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"refused", `def refused(input):
    raise ConnectionRefusedError("no")
`,
		"mine", `class Outer:
    class Mine(KeyError, ConnectionError):
        pass
def mine(input):
    raise Outer.Mine()
`,
		"deep", `def deep(input):
    cls = ValueError
    for n in range(100):
        cls = type(f"Deep{n}", (cls,), {})
    raise cls()
`,
		"odd", `class Odd(Exception):
    class __module__:
        def __format__(self, spec):
            raise RuntimeError("no module")
    __module__ = __module__()
def odd(input):
    raise Odd()
`,
		"outer", `def outer(input):
    refused(1)
`)
	require.Equal(t, []string{
		"ConnectionRefusedError", "builtins.ConnectionRefusedError", "ConnectionError", "builtins.ConnectionError", "OSError", "builtins.OSError",
		"Exception", "builtins.Exception", "BaseException", "builtins.BaseException",
	}, st.failure("refused", "{}").Classes)
	mine := st.failure("mine", "{}")
	require.Equal(t, "Mine", mine.Type)
	for _, name := range []string{"Mine", "KeyError", "LookupError", "ConnectionError", "builtins.OSError"} {
		require.Contains(t, mine.Classes, name)
	}
	require.Contains(t, mine.Classes[1], ".Outer.Mine")
	require.Len(t, st.failure("deep", "{}").Classes, 64, "a class with too many bases has the nearest")
	odd := st.failure("odd", "{}")
	require.Equal(t, "Odd", odd.Type)
	require.Empty(t, odd.Classes)

	require.Contains(t, st.failure("outer", "{}").Classes, "ConnectionError")
	require.Nil(t, st.taken()[0].Exception.Classes, "a step is not retried")
}
