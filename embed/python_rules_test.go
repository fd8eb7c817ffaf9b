package embed

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// Calls that redirect sys.stdout while others print: each line is where its own
// call has sent it.
func TestPythonRedirectedOutputStaysWithinItsCall(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "redirects", `import contextlib, io, sys, threading, time
both = threading.Barrier(2)

def redirects(input):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        both.wait(30)
        both.wait(30)
        print("redirected")
        thread = threading.Thread(target=print, args=("in a thread",))
        thread.start()
        thread.join()
        both.wait(30)
    print("after", sys.stdout is sys.__stdout__)
    return out.getvalue()

def prints(input):
    both.wait(30)
    was = sys.stdout
    print("printed")
    sys.stdout.write("written\n")
    both.wait(30)
    both.wait(30)
    return was is sys.__stdout__
`)
	e.define(t, "prints", `def prints(input):
    import functions.redirects
    return functions.redirects.prints(input)
`)
	var wait sync.WaitGroup
	outcomes := map[string]model.Outcome{}
	var mu sync.Mutex
	for _, name := range []string{"redirects", "prints"} {
		wait.Go(func() {
			outcome := e.call(t, "a", name, "null")
			mu.Lock()
			defer mu.Unlock()
			outcomes[name] = outcome
		})
	}
	wait.Wait()
	require.Nil(t, outcomes["redirects"].Failure)
	require.Nil(t, outcomes["prints"].Failure)
	require.JSONEq(t, `"redirected\nin a thread\n"`, string(outcomes["redirects"].Output))
	require.JSONEq(t, `true`, string(outcomes["prints"].Output))
	require.ElementsMatch(t, []string{"printed", "written", "after True"}, e.texts())
}

// Many calls at once, each of which redirects and prints in turn, also in threads
// and in siblings.
func TestPythonManyRedirectsAtOnce(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "turns", `import contextlib, io, sys, threading, time
def turns(input):
    kept = []
    for turn in range(20):
        print("shown", input, turn)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            print("caught", turn)
            time.sleep(0)
            says(turn)
            thread = threading.Thread(target=print, args=("thread", turn))
            thread.start()
            thread.join()
        kept.append(out.getvalue() == f"caught {turn}\nsays {turn}\nthread {turn}\n")
    if input % 2:
        sys.stdout = io.StringIO()
    return all(kept)
`)
	e.define(t, "says", "def says(turn): print('says', turn)\n")
	var wait sync.WaitGroup
	var want []string
	for caller := range 24 {
		for turn := range 20 {
			want = append(want, fmt.Sprintf("shown %d %d", caller, turn))
		}
		wait.Go(func() {
			outcome := e.call(t, "a", "turns", fmt.Sprint(caller))
			if outcome.Failure != nil || string(outcome.Output) != "true" {
				t.Errorf("call %d: %s %+v", caller, outcome.Output, outcome.Failure)
			}
		})
	}
	wait.Wait()
	require.ElementsMatch(t, want, e.texts())
}

// A run of version 1 that goes on while version 2 is loaded: each pickles and
// finds its own classes.
func TestPythonVersionsSideBySide(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	source := func(version int) string {
		return fmt.Sprintf(`import dataclasses, importlib, inspect, pickle, sys, typing
VERSION = %d

@dataclasses.dataclass
class Own:
    n: "Part"

class Part:
    """Of version %[1]d."""

def uses(input):
    if input == "wait":
        entered.set()
        assert left.wait(30)
    me = sys.modules[__name__]
    me.assigned = VERSION
    return [
        pickle.loads(pickle.dumps(Own(1))).__class__ is Own,
        pickle._loads(pickle._dumps(Own)) is Own,
        typing.get_type_hints(Own)["n"] is Part,
        inspect.getsource(Part).splitlines()[1].strip(),
        inspect.getmodule(Own).VERSION,
        importlib.import_module(__name__).VERSION,
        assigned,
        VERSION,
    ]
`, version)
	}
	e.define(t, "shares", `import builtins, threading
def shares(input):
    builtins.entered, builtins.left = threading.Event(), threading.Event()
`)
	e.define(t, "waits", "def waits(input): return entered.wait(30)\n")
	e.define(t, "leaves", "def leaves(input): left.set()\n")
	e.define(t, "uses", source(1))
	require.Nil(t, e.call(t, "a", "shares", "null").Failure)
	first := make(chan model.Outcome, 1)
	go func() { first <- e.call(t, "a", "uses", `"wait"`) }()
	require.Equal(t, "true", string(e.call(t, "a", "waits", "null").Output))
	e.defineVersion(t, "uses", 2, source(2))
	second := e.call(t, "a", "uses", "null")
	require.Nil(t, second.Failure)
	require.JSONEq(t, `[true,true,true,"\"\"\"Of version 2.\"\"\"",2,2,2,2]`, string(second.Output))
	require.Nil(t, e.call(t, "a", "leaves", "null").Failure)
	outcome := <-first
	require.Nil(t, outcome.Failure)
	require.JSONEq(t, `[true,true,true,"\"\"\"Of version 1.\"\"\"",1,1,1,1]`, string(outcome.Output))
}

// A function that changes many times leaves no sources behind, but for those that
// a traceback can still show.
func TestPythonSourcesAreForgotten(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "counts", `import gc, linecache
kept = []
def counts(input):
    if input:
        try:
            changes({})
        except ValueError as error:
            kept.append(error)
    gc.collect()
    import traceback
    return [
        sum(name.startswith("<changes") for name in linecache.cache),
        "def changes" in linecache.getline("<changes v1>", 1),
        "raise" in "".join(traceback.format_exception(kept[0])),
    ]
`)
	for version := 1; version <= 20; version++ {
		e.defineVersion(t, "changes", version, fmt.Sprintf("def changes(input):\n    raise ValueError(%d)\n", version))
		input := "false"
		if version == 1 {
			input = "true"
		}
		require.Nil(t, e.call(t, "a", "counts", input).Failure)
		require.NotNil(t, e.call(t, "a", "changes", "{}").Failure)
	}
	require.JSONEq(t, `[4,true,true]`, string(e.call(t, "a", "counts", "false").Output),
		"the newest, two older ones, and the one whose exception is kept")
}

// Computed names that no function has leave nothing behind.
func TestPythonComputedNamesAreForgotten(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "guesses", `import gc, maestro
def guesses(input):
    for i in range(input):
        try:
            maestro.call(f"no_such_{i}")
        except NameError as error:
            assert error.name == f"no_such_{i}"
    sibling = type(guesses_not)
    return sum(type(o) is sibling for referrer in gc.get_objects() if type(referrer) is dict for o in list(referrer.values()))
`)
	e.define(t, "guesses_not", "def guesses_not(input): pass\n")
	before := e.call(t, "a", "guesses", "0")
	require.Nil(t, before.Failure)
	after := e.call(t, "a", "guesses", "1000")
	require.Nil(t, after.Failure)
	require.Equal(t, string(before.Output), string(after.Output))
}

// texts returns the printed and logged lines.
func (e *testEngine) texts() (texts []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, line := range e.logs {
		texts = append(texts, strings.TrimSuffix(line.Text, "\n"))
	}
	return texts
}

// defineVersion stores a version of a function.
func (e *testEngine) defineVersion(t testing.TB, name string, version int, source string) {
	t.Helper()
	p, err := compilerOf(t, e.host).Compile(t.Context(), name, version, source)
	require.NoError(t, err)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.functions[name] = p
	e.generation++
}
