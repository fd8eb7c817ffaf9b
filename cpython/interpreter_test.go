package cpython

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// residentKB is the memory of this process in RAM.
func residentKB(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	return kb
}

// Not parallel: it watches the memory of the process.
func TestInterpretersLeaveNoMemory(t *testing.T) {
	cycle := func() {
		st := &stage{t: t}
		onLockedThread(func() {
			in, err := New(runtimeConfig)
			if err != nil {
				t.Error(err)
				return
			}
			st.in = in
		})
		stages.byInterp.Store(st.in.ID(), st)
		st.functions, st.programs = map[string]uint64{}, map[uint64]Module{}
		st.put("outer", "import dataclasses, logging\nasync def outer(input):\n    print('x', end='')\n    return await inner(input)\n")
		st.put("inner", "class Node: pass\nasync def inner(input):\n    n = Node()\n    n.self = n\n    return maybe(n)\ndef maybe(n): return 1\n")
		st.output("outer", `{"headers":{}}`)
		st.failure("outer", `{`)
		onLockedThread(st.in.End)
		stages.byInterp.Delete(st.in.ID())
	}
	for range 5 {
		cycle()
	}
	runtime.GC()
	Trim()
	before := residentKB(t)
	for range 20 {
		cycle()
	}
	runtime.GC()
	Trim()
	grown := residentKB(t) - before
	t.Logf("20 interpreters left %d KB", grown)
	require.Less(t, grown, 15_000, "one leaked reference keeps 2.5 MB of each")
}

// What a subtenant leaves running when its interpreter ends.
func TestEndWithLeftovers(t *testing.T) {
	t.Parallel()
	st := setup(t, "leaves", `import atexit, threading, time, sys
class Last:
    def __del__(self):
        print("del")
        try:
            sibling(1)
        except BaseException as e:
            print(type(e).__name__)
LAST = Last()
LAST.cycle = LAST
def at_exit():
    print("at exit", end="")
    sibling(1)
def leaves(input):
    atexit.register(at_exit)
    threading.Thread(target=lambda: time.sleep(1000), daemon=True).start()
    def spin():
        while True:
            pass
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    sibling.saved = None if hasattr(sibling, "x") else None
`, "sibling", "def sibling(input): return 1\n")
	require.Equal(t, "AttributeError", st.failure("leaves", "{}").Type)
}

func TestNewReportsErrorsOfTheRuntime(t *testing.T) {
	t.Parallel()
	onLockedThread(func() {
		_, err := New(Config{Runtime: "raise ValueError('bad runtime')"})
		if err == nil || !strings.Contains(err.Error(), "bad runtime") {
			t.Errorf("got %v", err)
		}
	})
}

func TestInvoke(t *testing.T) {
	t.Parallel()
	onLockedThread(func() {
		in, err := New(Config{Runtime: "def echo(b): return b[::-1]\ndef fails(b): raise ValueError(b)\ndef odd(b): return 1\n"})
		if err != nil {
			t.Error(err)
			return
		}
		answer, exc := in.Invoke("echo", []byte("abc"))
		if string(answer) != "cba" || exc != nil {
			t.Errorf("got %s, %v", answer, exc)
		}
		if _, exc = in.Invoke("fails", nil); exc == nil || exc.Error() != "ValueError: b''" {
			t.Errorf("got %v", exc)
		}
		if _, exc = in.Invoke("odd", nil); exc == nil || exc.Type != "TypeError" {
			t.Errorf("got %v", exc)
		}
		if _, exc = in.Invoke("missing", nil); exc == nil || exc.Type != "KeyError" {
			t.Errorf("got %v", exc)
		}
		result := in.Call(CallArgs{})
		if result.Exception == nil || result.Exception.Kind != ExceptionEngine {
			t.Errorf("got %v", result.Exception)
		}
		in.End()
	})
}

func TestLoadTwice(t *testing.T) {
	t.Parallel()
	require.NoError(t, Load(loaded.home))
	require.Error(t, Load("/elsewhere"))
	require.True(t, strings.HasPrefix(Version(), "3.14."))
}

func TestSitePackages(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(folder+"/their_package.py", []byte("VALUE = 7\n"), 0o600))
	onLockedThread(func() {
		in, err := New(Config{
			Runtime:      "import sys; sys.path.append(site_packages)\ndef value(b):\n    import their_package\n    return str(their_package.VALUE).encode()\n",
			SitePackages: folder,
		})
		if err != nil {
			t.Error(err)
			return
		}
		answer, exc := in.Invoke("value", nil)
		if string(answer) != "7" {
			t.Errorf("got %s, %v", answer, exc)
		}
		in.End()
	})
}
