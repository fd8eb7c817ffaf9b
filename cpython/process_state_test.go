package cpython

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// planted is a variable of the server's environment, set before Python is loaded.
const planted = "MAESTRO_TEST_PLANTED"

// attempt is what the functions below begin with: what came of a call, as text.
const attempt = `import os, sys
def attempt(function, *arguments, **named):
    try:
        return function(*arguments, **named)
    except BaseException as e:
        return f"{type(e).__name__}: {e}"
`

// inTurn carries a call of each stage on one OS thread, as a worker does.
func inTurn(t *testing.T, calls ...func()) {
	t.Helper()
	onLockedThread(func() {
		for _, call := range calls {
			call()
		}
	})
}

// here carries a call on the calling thread, which is locked.
func (st *stage) here(name, input string) string {
	args := st.args(name, input)
	result := st.in.Call(args)
	st.in.DropThread()
	stages.byCall.Delete(args.Frame >> 20)
	if result.Exception != nil {
		return result.Exception.Error()
	}
	return string(result.Output)
}

func TestEnvironmentIsTheInterpretersOwn(t *testing.T) {
	t.Parallel()
	const source = attempt + `import subprocess
def env(input):
    if input:
        os.environ["KEY"] = input
        os.putenv("QUIET", input)
    child = lambda **named: sorted(subprocess.run(["env"], capture_output=True, text=True, **named).stdout.split())
    here, there = sorted(f"{k}={v}" for k, v in os.environ.items()), child()
    allowed = ("PATH=", "HOME=", "LANG=", "TZ=", "LC_", "SSL_CERT_", "PYTHON")
    os.reload_environ()
    return {
        "new": [v for v in here if not v.startswith(allowed)],
        "child": [v for v in there if not v.startswith(allowed)],
        "given": child(env={"A": "1"}),
        "spawned": os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", "exit ${QUIET:-0}"], None), 0)[1] >> 8,
        "system": os.system("exit ${QUIET:-0}") >> 8,
        "popen": os.popen("echo $KEY").read(),
        "bytes": os.environb.get(b"KEY", b"").decode(),
        "reloaded": os.environ.get("QUIET"),
    }
`
	a, b := setup(t, "env", source), setup(t, "env", source)
	want := `{"new":["KEY=7"],"child":["KEY=7","QUIET=7"],"given":["A=1"],"spawned":7,"system":7,"popen":"7\n","bytes":"7","reloaded":"7"}`
	none := `{"new":[],"child":[],"given":["A=1"],"spawned":0,"system":0,"popen":"\n","bytes":"","reloaded":null}`
	require.JSONEq(t, none, b.output("env", "null"))
	require.JSONEq(t, want, a.output("env", `"7"`))
	require.JSONEq(t, none, b.output("env", "null"))
	require.JSONEq(t, strings.Replace(want, `["KEY=7"]`, `["KEY=7","QUIET=7"]`, 1), a.output("env", "null"), "what one call sets, the next one sees")
	require.Empty(t, os.Getenv("KEY"))
}

func TestDirectoryAndUmaskFollowTheInterpreter(t *testing.T) {
	t.Parallel()
	const source = `import os, subprocess, threading
def place(input):
    if input:
        os.chdir(input)
        os.umask(0o027)
    seen = []
    def look():
        mask = os.umask(0)
        os.umask(mask)
        seen.append([os.getcwd(), mask])
    look()
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    child = subprocess.run(["sh", "-c", "pwd; umask"], capture_output=True, text=True).stdout.split()
    return [*seen, child]
`
	a, b, folder := setup(t, "place", source), setup(t, "place", source), t.TempDir()
	cwd, err := os.Getwd()
	require.NoError(t, err)
	own := fmt.Sprintf(`[[%[1]q,23],[%[1]q,23],[%[1]q,"0027"]]`, folder)
	server := fmt.Sprintf(`[[%[1]q,18],[%[1]q,18],[%[1]q,"0022"]]`, cwd)
	inTurn(t,
		func() { require.JSONEq(t, own, a.here("place", fmt.Sprintf("%q", folder))) },
		func() { require.JSONEq(t, server, b.here("place", "null"), "on the same thread") },
		func() { require.JSONEq(t, own, a.here("place", "null"), "back again") },
	)
	require.JSONEq(t, own, a.output("place", "null"), "on another thread")
	now, err := os.Getwd()
	require.NoError(t, err)
	require.Equal(t, cwd, now)
}

// Of two calls that change the directory and back, neither finds itself where
// the other one is.
func TestDirectoriesOfConcurrentCalls(t *testing.T) {
	t.Parallel()
	st := setup(t, "visits", `import os, subprocess, threading
first, second = threading.Event(), threading.Event()
def visits(input):
    folder, mine, other = input
    before = os.getcwd()
    os.chdir(folder)
    (first if mine == 1 else second).set()
    (first if other == 1 else second).wait()
    seen = []
    thread = threading.Thread(target=lambda: seen.append(os.getcwd()))
    thread.start()
    thread.join()
    seen += [os.getcwd(), subprocess.check_output("pwd", text=True).strip(), os.path.exists("here")]
    os.chdir(before)
    return [s == folder or s is True for s in seen]
`, "where", "import os\ndef where(input): return os.getcwd()\n", "moves", "import os\ndef moves(input): os.chdir(input)\n")
	server := st.output("where", "null")
	results := make(chan string)
	for call := 1; call <= 2; call++ {
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "here"), nil, 0o600))
		go func() { results <- st.output("visits", fmt.Sprintf("[%q,%d,%d]", folder, call, 3-call)) }()
	}
	for range 2 {
		require.JSONEq(t, "[true,true,true,true]", <-results)
	}
	require.Equal(t, server, st.output("where", "null"))
	st.output("moves", `"/usr"`)
	require.Equal(t, `"/usr"`, st.output("where", "null"))
}

// A thread that was started before the directory was changed finds files by
// where the interpreter's code is now.
func TestOlderThreadsFindTheDirectory(t *testing.T) {
	t.Parallel()
	st := setup(t, "writes", `import os
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
pool.submit(int).result()
def write(name):
    with open(name, "x") as file:
        file.write("here")
    return [os.path.exists(name), os.listdir("."), os.path.getsize(name)]
def writes(input):
    os.chdir(input)
    return pool.submit(write, "note").result()
`)
	folder := t.TempDir()
	require.JSONEq(t, `[true,["note"],4]`, st.output("writes", fmt.Sprintf("%q", folder)))
	require.FileExists(t, filepath.Join(folder, "note"))
}

func TestProcessWideFunctionsAreRefused(t *testing.T) {
	t.Parallel()
	st := setup(t, "tries", attempt+`import locale, posix, resource, signal, socket, threading, time, _signal
calls = [
    ("PermissionError", "subprocess.run() user=", os.setuid, 1), ("PermissionError", "subprocess.run() user=", posix.setuid, 1),
    ("PermissionError", "user=", os.setgid, 1), ("PermissionError", "user=", os.seteuid, 1), ("PermissionError", "user=", os.setegid, 1),
    ("PermissionError", "user=", os.setreuid, 1, 1), ("PermissionError", "user=", os.setregid, 1, 1),
    ("PermissionError", "user=", os.setresuid, 1, 1, 1), ("PermissionError", "user=", os.setresgid, 1, 1, 1),
    ("PermissionError", "user=", os.setgroups, []), ("PermissionError", "user=", os.initgroups, "root", 0),
    ("PermissionError", "nice", os.nice, 1), ("PermissionError", "nice", os.setpriority, os.PRIO_PROCESS, 0, 5),
    ("PermissionError", "nice", os.sched_setaffinity, 0, {0}),
    ("PermissionError", "start_new_session", os.setsid), ("PermissionError", "start_new_session", os.setpgid, 0, 0),
    ("PermissionError", "machine", os.chroot, "/"), ("PermissionError", "machine", socket.sethostname, "x"),
    ("PermissionError", "child process", resource.setrlimit, resource.RLIMIT_AS, (1 << 40, 1 << 40)),
    ("PermissionError", "child process", resource.prlimit, 0, resource.RLIMIT_AS, (1 << 40, 1 << 40)),
    ("PermissionError", "machine", time.clock_settime, time.CLOCK_REALTIME, 1), ("ValueError", "signal", signal.sigwait, [signal.SIGTERM]),
    ("RuntimeError", "subprocess", os.execv, "/bin/true", ["true"]), ("RuntimeError", "subprocess", os.execlp, "true", "true"),
    # Not with a signal that does harm where this fails: SIGURG and SIGCHLD are Go's own.
    ("PermissionError", "whole server", os.kill, os.getpid(), signal.SIGURG), ("PermissionError", "whole server", os.kill, 0, signal.SIGCHLD),
    ("PermissionError", "whole server", os.killpg, os.getpgrp(), signal.SIGURG), ("PermissionError", "whole server", os.killpg, 0, signal.SIGURG),
    ("PermissionError", "whole server", os.kill, -os.getpgrp(), signal.SIGURG), ("ValueError", "whole server", signal.raise_signal, signal.SIGURG),
    ("PermissionError", "whole server", signal.pthread_kill, threading.get_ident(), signal.SIGURG),
    ("RuntimeError", "spawn", os.fork), ("RuntimeError", "spawn", os.forkpty),
    ("ValueError", "deadline", signal.alarm, 1), ("ValueError", "deadline", signal.setitimer, signal.ITIMER_REAL, 1),
    ("ValueError", "deadline", signal.siginterrupt, signal.SIGINT, True), ("ValueError", "signal", _signal.alarm, 1),
    ("ValueError", "signal", signal.pthread_sigmask, signal.SIG_BLOCK, [signal.SIGINT]),
    ("ValueError", "main thread", signal.signal, signal.SIGTERM, signal.SIG_IGN),
    ("ValueError", "main thread", signal.set_wakeup_fd, -1),
    ("Error", "babel", locale.setlocale, locale.LC_ALL, "de_DE.UTF-8"),
    ("PermissionError", "debugger", sys.remote_exec, os.getpid(), "/tmp/x.py"),
    ("RuntimeError", "cProfile", sys.activate_stack_trampoline, "perf"),
    ("RuntimeError", "getallocatedblocks", sys._debugmallocstats),
]
def tries(input):
    wrong = []
    for kind, hint, function, *arguments in calls:
        got = attempt(function, *arguments)
        if not str(got).startswith(kind + ":") or hint not in got:
            wrong.append([function.__name__, repr(got)])
    os.environ["TZ"] = "Asia/Tokyo"
    got = attempt(time.tzset)
    if "zoneinfo" not in str(got):
        wrong.append(["tzset", repr(got)])
    return wrong
`, "may", attempt+`import locale, resource, signal, subprocess, time
def ended(send):
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    send(child.pid)
    return -child.wait()
def may(input):
    os.environ.pop("TZ", None)
    return [
        os.nice(0) >= 0, signal.alarm(0), signal.setitimer(signal.ITIMER_REAL, 0), signal.pthread_sigmask(signal.SIG_BLOCK, []) is None,
        [locale.setlocale(category, wanted) == locale.setlocale(category) for category in (locale.LC_ALL, locale.LC_CTYPE, locale.LC_NUMERIC)
         for wanted in ("", "C", "POSIX", "C.UTF-8", locale.setlocale(category))].count(False),
        locale.setlocale(locale.LC_CTYPE), locale.setlocale(locale.LC_NUMERIC), locale.getlocale()[1], locale.getencoding(),
        resource.getrlimit(resource.RLIMIT_AS) == resource.prlimit(0, resource.RLIMIT_AS), time.tzset(), len(os.sched_getaffinity(0)) > 0,
        os.kill(os.getpid(), 0), ended(lambda pid: os.kill(pid, 15)), ended(lambda pid: os.killpg(pid, 15)),
        attempt(os.kill, "1", 15)[:9],
    ]
`)
	require.JSONEq(t, "[]", st.output("tries", "null"))
	require.JSONEq(t, `[true,0,[0,0],false,0,"C.UTF-8","C","UTF-8","UTF-8",true,null,true,null,15,15,"TypeError"]`, st.output("may", "null"))
}

// A descriptor is closed and replaced by those only that have opened it: the
// number of one that is closed twice may be the server's by then.
func TestDescriptorsOfOthers(t *testing.T) {
	t.Parallel()
	const source = attempt + `import errno, io, posix, socket
kept = []
def hit(fd):
    a = os.open("/dev/null", os.O_RDONLY)
    results = [
        attempt(os.close, fd), attempt(posix.close, fd), attempt(socket.close, fd), attempt(os.dup2, a, fd),
        attempt(os.dup2, a, 1), attempt(os.close, 2), attempt(lambda: os.fdopen(fd, "rb").close()), attempt(os.write, fd, b"x"),
        attempt(os.closerange, fd, fd + 1), attempt(os.set_blocking, fd, False), attempt(os.set_inheritable, fd, True),
    ]
    os.close(a)
    return [str(r).split(":")[0] for r in results] + ["[Errno 9]" in str(r) for r in results[:3]]
def mine(input):
    made = [*os.pipe(), os.dup(0), os.open("/dev/null", os.O_RDONLY), os.dup2(0, 700 + input), *os.openpty(), os.eventfd(0)]
    made += [s.detach() for s in socket.socketpair()]
    a, b = socket.socketpair()
    socket.send_fds(a, [b"x"], [made[0]])
    made += socket.recv_fds(b, 1, 1)[1]
    a.close(), b.close()
    for fd in made:
        os.close(fd)
    return [attempt(os.close, fd)[:18] for fd in made[:1]]
def keep(input):
    kept.append(os.open("/dev/null", os.O_RDONLY))
    return kept[-1]
`
	functions := []string{"hit", source, "mine", source, "keep", source}
	a, b := setup(t, functions...), setup(t, functions...)
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("the server's"), 0o600))
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	refused := `["OSError","OSError","OSError","PermissionError","PermissionError","OSError","OSError","OSError","None","PermissionError","PermissionError",true,true,true]`
	require.JSONEq(t, refused, a.output("hit", fmt.Sprint(file.Fd())))
	text, err := io.ReadAll(file)
	require.NoError(t, err)
	require.Equal(t, "the server's", string(text))
	require.NoError(t, file.Close())

	theirs := b.output("keep", "null")
	require.JSONEq(t, refused, a.output("hit", theirs), "another interpreter's")
	for i, st := range []*stage{a, b} {
		require.JSONEq(t, `["OSError: [Errno 9]"]`, st.output("mine", fmt.Sprint(i)))
	}
	require.NoError(t, os.WriteFile(path, nil, 0o600))
}

// What goes to the descriptors 1 and 2, and what child processes write that are
// not told where to, is the output of the call.
func TestOutputByDescriptor(t *testing.T) {
	t.Parallel()
	st := setup(t, "outer", "def outer(input): writes(input)\n", "writes", `import os, subprocess, sys
def writes(input):
    os.write(1, b"by num")
    print("ber")
    os.write(2, b"an error\n")
    with os.fdopen(1, "w", closefd=False) as file:
        file.write("by file\n")
    subprocess.run(["sh", "-c", "echo child; echo its error >&2"])
    subprocess.call("echo together >&2", shell=True, stderr=subprocess.STDOUT)
    subprocess.call(["echo", "as file"], stdout=sys.stderr)
    subprocess.Popen(["echo", "popen"]).wait()
    os.system("echo system")
    os.waitpid(os.posix_spawn("/bin/echo", ["echo", "spawned"], os.environ), 0)
    subprocess.run(["sh", "-c", "echo dropped"], stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, "-c", "print('python', input.__name__, end='')"])
    assert subprocess.run(["cat"], capture_output=True).stdout == b"" # nothing to read, and no waiting
`)
	st.output("outer", "null")
	var lines []string
	for _, line := range st.printed() {
		lines = append(lines, line.Stream+": "+line.Text)
	}
	slices.Sort(lines) // the two streams of a process come in any order
	require.Equal(t, []string{
		"stderr: an error", "stderr: as file", "stderr: its error", "stdout: by file", "stdout: by number", "stdout: child",
		"stdout: popen", "stdout: python input", "stdout: spawned", "stdout: system", "stdout: together",
	}, lines)
}

// Only an interpreter's own children are waited for, and they end with it.
func TestChildrenBelongToTheInterpreter(t *testing.T) {
	t.Parallel()
	const source = attempt + `import subprocess
def start(input):
    return subprocess.Popen(["sleep", "1000"]).pid
def wait(pid):
    return [str(attempt(f, *a)).split(":")[0] for f, *a in (
        (os.waitpid, pid, os.WNOHANG), (os.waitpid, -1, os.WNOHANG), (os.wait,), (os.wait3, 0), (os.wait4, pid, 0),
        (os.waitid, os.P_ALL, 0, os.WEXITED), (os.waitid, os.P_PID, pid, os.WEXITED))]
def own(input):
    child = subprocess.Popen(["true"])  # kept: one that is collected takes its end itself
    pids = {child.pid, os.posix_spawn("/bin/true", ["true"], {})}
    return [{os.wait()[0], os.waitpid(-1, 0)[0]} == pids, str(attempt(os.wait))[:17]]
`
	b := setup(t, "wait", source, "own", source)
	var pid string
	t.Run("", func(t *testing.T) { // ends the interpreter
		a := setup(t, "start", source)
		pid = a.output("start", "null")
		require.JSONEq(t, `["`+strings.Repeat(`ChildProcessError","`, 6)+`ChildProcessError"]`, b.output("wait", pid))
		require.DirExists(t, "/proc/"+pid)
	})
	require.NoDirExists(t, "/proc/"+pid)
	require.JSONEq(t, `[true,"ChildProcessError"]`, b.output("own", "null"))
}

// What C code does to a thread does not reach those that it serves next.
func TestThreadIsPutRight(t *testing.T) {
	t.Parallel()
	const source = `import ctypes, os
def damage(input):
    libc = ctypes.CDLL(None)
    if input == "umask":
        libc.umask(0o777)
    elif input == "directory":
        libc.chdir(b"/")
    elif input == "mask":
        full = (ctypes.c_ulong * 16)(*[1 << 14] * 16) # SIGTERM
        libc.pthread_sigmask(0, full, None)
    elif input == "nice":
        libc.setpriority(0, 0, 19)
`
	const look = `import os, signal
def look(input):
    mask = os.umask(0)
    os.umask(mask)
    return [mask, os.getcwd(), signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, [])]
`
	a, b := setup(t, "damage", source), setup(t, "look", look)
	want := b.output("look", "null")
	for _, damage := range []string{"umask", "directory", "mask", "nice"} {
		inTurn(t, func() {
			before := ThreadsChanged()
			require.Equal(t, "null", a.here("damage", fmt.Sprintf("%q", damage)))
			require.Equal(t, before+1, ThreadsChanged(), damage)
			require.JSONEq(t, want, b.here("look", "null"), damage)
			require.Equal(t, "null", a.here("damage", `"nothing"`))
			if damage != "nice" { // without privilege it stays, and is counted each time
				require.Equal(t, before+1, ThreadsChanged(), damage)
			}
		})
	}
	var decoded []any
	require.NoError(t, json.Unmarshal([]byte(want), &decoded))
}

// A child process that runs Python finds the subtenant's packages.
func TestChildrenFindPackages(t *testing.T) {
	t.Parallel()
	const source = `import os, subprocess, sys
from concurrent.futures import ProcessPoolExecutor
def uses(input):
    import carried
    with ProcessPoolExecutor(1) as pool:
        answer = pool.submit(carried.double, 21).result()
    child = [sys.executable, "-c", "import carried; print(carried.double(4))"]
    return [answer, subprocess.check_output(child, text=True), subprocess.check_output(child, text=True, env=os.environ.copy())]
`
	st, folder := setup(t, "uses", source), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "carried.py"), []byte("def double(n): return 2 * n\n"), 0o600))
	st.onThread(func() {
		_, exception := st.in.Invoke("use_packages", []byte(folder))
		require.Nil(t, exception)
	})
	require.JSONEq(t, `[42,"8\n","8\n"]`, st.output("uses", "null"))
	require.NoDirExists(t, filepath.Join(folder, "__pycache__"), "the folder stays as it is")
}

// A thread that Python has made may have the server's own threads started on it, when
// it calls a sibling. They keep the server's directory and umask.
func TestThreadsOfTheServerKeepItsPlace(t *testing.T) {
	t.Parallel()
	st := setup(t, "sibling", "def sibling(input): return input\n", "calls", `import os, threading
def calls(folder):
    os.chdir(folder)
    os.umask(0)
    def work():
        for number in range(2000):
            sibling(number)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return True
`)
	want, err := os.Readlink("/proc/thread-self/cwd")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		st.output("calls", fmt.Sprintf("%q", t.TempDir()))
	}()
	others := map[string]int{} // the threads that Go has started with another directory
	for running := true; running; {
		found := make(chan string)
		go func() {
			runtime.LockOSThread() // and not unlocked: the thread ends, and the next one is new
			place, err := os.Readlink("/proc/thread-self/cwd")
			found <- fmt.Sprint(place, err)
		}()
		if place := <-found; place != want+"<nil>" {
			others[place]++
		}
		select {
		case <-done:
			running = false
		default:
		}
	}
	require.Empty(t, others)
}
