package cpython

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAsyncSiblings(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"outer", `import asyncio, collections.abc, inspect
async def outer(input):
    one = slow({"n": 1})
    assert isinstance(one, collections.abc.Coroutine) and inspect.isawaitable(one)
    both = await asyncio.gather(slow({"n": 2}), slow({"n": 3}))
    task = asyncio.create_task(slow({"n": 4}))
    async with asyncio.TaskGroup() as group:
        grouped = group.create_task(slow(n=5))
    return [await one, *both, await task, grouped.result(), await asyncio.wait_for(slow({"n": 6}), 5), plain(7)]
`,
		"slow", `import asyncio
async def slow(input):
    await asyncio.sleep(0.001)
    return [input["n"], (await inner({}))]
`,
		"inner", `import asyncio, maestro
async def inner(input):
    before = maestro.context().function
    await asyncio.sleep(0)
    return before == maestro.context().function
`,
		"plain", "def plain(input): return input\n")
	require.JSONEq(t, `[[1,true],[2,true],[3,true],[4,true],[5,true],[6,true],7]`, st.output("outer", "{}"))
	steps := st.taken()
	require.Len(t, steps, 13)
	frames := map[uint64]string{}
	for _, step := range steps {
		frames[step.Frame&(1<<20-1)] = step.Name
		require.NotEmpty(t, step.Output)
	}
	for _, step := range steps {
		if step.Name == "inner" {
			require.Equal(t, "slow", frames[step.Parent])
		} else {
			require.Zero(t, step.Parent)
		}
	}
}

func TestAsyncInputIsTakenAtTheCall(t *testing.T) {
	t.Parallel()
	st := setup(t, "outer", `async def outer(input):
    value = {"n": 1}
    coroutine = echo(value)
    value["n"] = 2
    return await coroutine
`, "echo", "async def echo(input): return input\n")
	require.JSONEq(t, `{"n":1}`, st.output("outer", "{}"))
}

func TestAsyncExceptions(t *testing.T) {
	t.Parallel()
	st := setup(t, "outer", `import asyncio
async def outer(input):
    seen = []
    try:
        await bad({})
    except ValueError as e:
        seen.append(e is e.args[0][0])
    results = await asyncio.gather(bad({}), bad({}), return_exceptions=True)
    seen.append([type(r).__name__ for r in results])
    try:
        await asyncio.wait_for(waits({}), 0.01)
    except TimeoutError:
        seen.append("timeout")
    try:
        await missing({})
    except NameError as e:
        seen.append(e.name)
    one = echo(1)
    await one
    try:
        await one
    except RuntimeError as e:
        seen.append(str(e))
    manual = echo(2)
    try:
        manual.send(None)
    except StopIteration as e:
        seen.append(e.value)
    closed = waits(3)
    closed.send(None)
    closed.close()
    thrown = waits(4)
    thrown.send(None)
    try:
        thrown.throw(KeyError("t"))
    except KeyError as e:
        seen.append(repr(e))
    never = echo(5)
    try:
        never.throw(OSError("n"))
    except OSError as e:
        seen.append(repr(e))
    return seen
`, "bad", `async def bad(input):
    box = []
    e = ValueError(box)
    box.append(e)
    raise e
`, "waits", `import asyncio
async def waits(input):
    await asyncio.sleep(30)
`, "echo", "async def echo(input): return (input,)\n")
	require.JSONEq(t, `[true,["ValueError","ValueError"],"timeout","missing","cannot reuse already awaited coroutine",[2],
		"KeyError('t')","OSError('n')"]`, st.output("outer", "{}"))
	var types []string
	for _, step := range st.taken() {
		if step.Exception != nil {
			types = append(types, step.Name+" "+step.Exception.Type)
		} else {
			require.NotEmpty(t, step.Output, step.Name)
		}
	}
	require.Equal(t, []string{"bad ValueError", "bad ValueError", "bad ValueError", "waits CancelledError",
		"waits GeneratorExit", "waits KeyError"}, types)
}

func TestCoroutineNeverAwaited(t *testing.T) {
	t.Parallel()
	st := setup(t, "outer", `import gc, warnings
def outer(input):
    warnings.simplefilter("always")
    echo(1)
    gc.collect()
    return "done"
`, "echo", "async def echo(input): return input\n")
	require.Equal(t, `"done"`, st.output("outer", "{}"))
	require.Empty(t, st.taken())
	require.Contains(t, st.printed()[0].Text, "RuntimeWarning: coroutine 'echo' was never awaited")
}

func TestAsyncFromSync(t *testing.T) {
	t.Parallel()
	st := setup(t, "outer", `import asyncio
def outer(input):
    return asyncio.run(twice(4))
`, "twice", "async def twice(input): return input * 2\n",
		"decorated", `import functools
def plain(f):
    @functools.wraps(f)
    def call(input):
        import asyncio
        return asyncio.run(f(input))
    return call
@plain
async def decorated(input): return input
`, "uses", "async def uses(input): return [decorated.__name__, await decorated(1)]\n")
	require.Equal(t, "8", st.output("outer", "{}"))
	require.Equal(t, "3", st.output("decorated", "3"))
}

func TestDecoratedAsyncSiblingIsAwaitable(t *testing.T) {
	t.Parallel()
	st := setup(t, "plainly", `def now(f):
    return lambda input: [input]
@now
async def plainly(input): return input
`, "uses", "async def uses(input): return await plainly(1)\n")
	require.Equal(t, "[1]", st.output("uses", "{}"))
}
