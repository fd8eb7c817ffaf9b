package cpython

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLoopCarriesCalls(t *testing.T) {
	t.Parallel()
	st := setup(t, "meets", `import asyncio
lock, arrived, all_here = asyncio.Lock(), 0, asyncio.Event()
async def meets(input):
    global arrived
    async with lock:
        arrived += 1
    if arrived == 20:
        all_here.set()
    await all_here.wait()
    print("meets", input)
    return [input, await note(input), note_plainly(input)]
`, "note", "async def note(input):\n    return input\n", "note_plainly", "def note_plainly(input):\n    return input\n")
	l := startLoop(t, st)
	var results []chan CallResult
	for n := range 20 {
		_, result := l.begin("meets", fmt.Sprint(n))
		results = append(results, result)
	}
	for n, result := range results {
		require.JSONEq(t, fmt.Sprintf("[%d,%d,%d]", n, n, n), string((<-result).Output))
	}
	require.Len(t, st.taken(), 40)
	require.Len(t, st.printed(), 20)
}

func TestLoopTellsHowACallFailed(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"raises", "async def raises(input):\n    raise ValueError('no ' + input)\n",
		"breaks", "1 / 0\nasync def breaks(input):\n    pass\n",
		"odd", "async def odd(input):\n    return object()\n",
		"plain", "import functools\ndef plainly(f):\n    return functools.wraps(f)(lambda input: 7)\n@plainly\nasync def plain(input):\n    pass\n",
		"leaves", "import sys\nasync def leaves(input):\n    sys.exit(3)\n",
	)
	l := startLoop(t, st)
	for name, want := range map[string]struct {
		kind uint8
		text string
	}{
		"raises": {ExceptionRaised, "ValueError: no x"},
		"breaks": {ExceptionLoad, "ZeroDivisionError: division by zero"},
		"odd":    {ExceptionOutputJSON, "TypeError: output: object of type object is not a JSON value"},
		"leaves": {ExceptionRaised, "SystemExit: The function called exit(3). Return a value instead, or raise an exception that says what failed."},
	} {
		_, results := l.begin(name, `"x"`)
		result := <-results
		require.NotNil(t, result.Exception, name)
		require.Equal(t, want.kind, result.Exception.Kind, name)
		require.Equal(t, want.text, result.Exception.Type+": "+result.Exception.Message)
	}
	require.Equal(t, "7", l.result("plain", "null"))
}

func TestLoopStopsATask(t *testing.T) {
	t.Parallel()
	st := setup(t, "waits", "import asyncio\nasync def waits(input):\n    print('here')\n    await asyncio.Event().wait()\n",
		"spins", "async def spins(input):\n    print('here')\n    while True:\n        pass\n",
		"stays", "import asyncio\nasync def stays(input):\n    print('here')\n    while True:\n        try:\n            await asyncio.Event().wait()\n        except asyncio.CancelledError:\n            pass\n")
	l := startLoop(t, st)
	for n, test := range []struct {
		name string
		rung Rung
		met  Met
		kind string
	}{
		{"waits", RungCancel, MetWaiting, "CancelledError"},
		{"spins", RungRaise, MetExecuting, "Stopped"},
		{"stays", RungAbandon, MetWaiting, "CancelledError"},
	} {
		ticket, results := l.begin(test.name, "null")
		require.Eventually(t, func() bool { return len(st.printed()) == n+1 }, 20*time.Second, time.Millisecond)
		var met Met
		onLockedThread(func() { met = st.in.Stop(ticket, test.rung) })
		require.Equal(t, test.met, met, test.name)
		result := <-results
		require.NotNil(t, result.Exception, test.name)
		require.Equal(t, test.kind, result.Exception.Type, test.name)
		require.False(t, st.in.Running(ticket))
	}
}
