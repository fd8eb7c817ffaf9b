package cpython

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Other interpreters' frames, exceptions and objects are not visible; the
// interpreter's own threads are.
func TestViewsEndAtTheInterpreter(t *testing.T) {
	t.Parallel()
	victim := setup(t, "victim", `import time
class Planted: pass
planted = Planted()
def victim(input):
    print("there")
    try:
        raise ValueError("their exception")
    except ValueError:
        time.sleep(100)
`)
	st := setup(t, "hunts", attempt+`import gc, threading, traceback
def hunts(input):
    inside, over = threading.Event(), threading.Event()
    def waits_here():
        inside.set()
        over.wait()
    thread = threading.Thread(target=waits_here)
    thread.start()
    inside.wait()
    try:
        frames = sys._current_frames()
        names = {ident: [f.name for f in traceback.extract_stack(frame)] for ident, frame in frames.items()}
        seen = [len(frames), "waits_here" in names[thread.ident], names[threading.get_ident()][-1]]
    finally:
        over.set()
        thread.join()
    try:
        raise KeyError("mine")
    except KeyError:
        mine = [repr(e) for e in sys._current_exceptions().values()]
    objects = [type(o).__name__ for o in gc.get_objects()] + [type(o).__name__ for o in gc.get_referrers(object, dict)]
    return [seen, mine, "Planted" in objects, len(threading.enumerate()), sys._clear_internal_caches()]
`, "tells", attempt+`import importlib
def tells(names):
    return [n for n in names if not str(attempt(importlib.import_module, n)).startswith("ImportError")]
`)
	args := victim.args("victim", "null")
	done := make(chan struct{})
	go func() {
		defer close(done)
		victim.onThread(func() { victim.in.Call(args) })
	}()
	defer func() { // before the interpreter's end, also when the test fails
		victim.in.WakeSleeper(args.Frame >> 20)
		<-done
	}()
	require.Eventually(t, func() bool { return len(victim.printed()) == 1 }, time.Minute, time.Millisecond)
	for range 20 { // it crashed at some later time
		require.JSONEq(t, `[[2,true,"hunts"],["KeyError('mine')"],false,2,null]`, st.output("hunts", "null"))
	}
	require.JSONEq(t, "[]", st.output("tells", `["_interpreters","_interpqueues","_interpchannels","concurrent.interpreters",
		"_testinternalcapi","_testcapi","_remote_debugging","tracemalloc","faulthandler"]`))
}

// looked has the review of each module of the standard library that is written
// in C and not meant for public use, and of the public ones that reach beyond
// the interpreter. A new one fails the test until it is reviewed.
const looked = `
_abc _ast _asyncio _bisect _blake2 _bz2 _codecs _codecs_cn _codecs_hk _codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw
_collections _contextvars _csv _ctypes _curses _curses_panel _datetime _decimal _elementtree _functools _hashlib _heapq
_hmac _imp _interpchannels _interpqueues _interpreters _io _json _locale _lsprof _lzma _maestro _md5 _multibytecodec
_multiprocessing _opcode _operator _pickle _posixshmem _posixsubprocess _queue _random _remote_debugging _sha1 _sha2 _sha3
_signal _socket _sqlite3 _sre _ssl _stat _statistics _string _struct _suggestions _symtable _sysconfig _testcapi
_testimportmultiple _testinternalcapi _testlimitedcapi _testmultiphase _testsinglephase _thread _tokenize _tracemalloc _types
_typing _uuid _warnings _weakref _xxtestfuzz _zoneinfo _zstd array atexit binascii builtins cmath errno faulthandler fcntl gc
grp itertools marshal math mmap posix pwd pyexpat readline resource select sys syslog termios time unicodedata xxsubtype zlib`

func TestEveryBuiltinModuleWasLookedAt(t *testing.T) {
	t.Parallel()
	st := setup(t, "names", "import sys\ndef names(input): return sorted(set(sys.builtin_module_names) - set(input))\n")
	require.JSONEq(t, "[]", st.output("names", `["`+strings.Join(strings.Fields(looked), `","`)+`"]`))
}
