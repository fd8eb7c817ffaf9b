package embed

import (
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/cpython"
	"maestro/internal/homes"
	"maestro/internal/testkit"
)

// railed is a host with rails, over a data folder with another subtenant's file
// and a key in it.
type railed struct {
	*testEngine
	data, key, token string
	home             homes.Home // of the subtenant a
	places           string     // the input of the programs
}

const keyText = "planted-key-text"

// outsideFolder makes a folder that is not below /tmp, which functions see as their own:
// here, or in the home directory where the checkout itself is below /tmp.
func outsideFolder(t testing.TB) string {
	t.Helper()
	here, err := os.Getwd()
	require.NoError(t, err)
	if strings.HasPrefix(here, "/tmp/") || strings.HasPrefix(here, "/var/tmp/") {
		here, err = os.UserHomeDir()
		require.NoError(t, err)
	}
	folder, err := os.MkdirTemp(here, "outside-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

func setupRails(t testing.TB, change func(*Rails)) *railed {
	t.Helper()
	data := t.TempDir()
	outside := outsideFolder(t)
	all, err := homes.Open(data+"/files", testkit.Logger(t))
	require.NoError(t, err)
	home, err := all.Of("a")
	require.NoError(t, err)
	other, err := all.Of("b")
	require.NoError(t, err)
	r := &railed{data: data, key: data + "/secret_key", token: outside + "/private/token", home: home}
	require.NoError(t, os.Mkdir(outside+"/private", 0o700))
	for _, path := range []string{r.key, r.token, other.Folder + "/file"} {
		require.NoError(t, os.WriteFile(path, []byte(keyText), 0o600))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") // the server's own database
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	service := listener.Addr().(*net.TCPAddr).AddrPort()
	rails := &Rails{
		DataDir: data, Private: []string{outside + "/private"}, MaxDisk: 4 << 20,
		Networks: []netip.Prefix{netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("127.9.0.0/16")},
		Services: []netip.AddrPort{netip.AddrPortFrom(service.Addr().Unmap(), service.Port())},
		Folder: func(tenant string) (string, string, error) {
			home, err := all.Of(tenant)
			return home.Folder, home.Temporary, err
		},
	}
	if change != nil {
		change(rails)
	}
	r.testEngine = newTestEngine(startPython(t, Options{Rails: rails, WarmPool: -1}))
	spy, err := os.Open(r.key) // a descriptor of the server's
	require.NoError(t, err)
	t.Cleanup(func() { _ = spy.Close() })
	places, err := json.Marshal(map[string]any{
		"data": data, "key": r.key, "token": r.token, "home": home.Folder, "temporary": home.Temporary, "other": other.Folder,
		"service": service.Port(), "outside": outside, "fd": spy.Fd(), "pid": os.Getpid(), "parent": os.Getppid(),
	})
	require.NoError(t, err)
	r.places = string(places)
	return r
}

// TestRails tries programs of testdata/rails, one file for each rail: functions
// named way_… each try to get round it and must meet it, in way_both_… in either
// lane; functions named fine_… do the same kind of work as one may, and must succeed.
func TestRails(t *testing.T) {
	t.Parallel()
	for _, rail := range cpython.RailNames() {
		t.Run(rail, func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(filepath.Join("testdata", "rails", rail+".py"))
			require.NoError(t, err, "a rail needs its programs")
			r := setupRails(t, nil)
			r.define(t, "tries", string(source)+railsRunner)
			for range 2 { // what the first call leaves behind makes no way for the second
				outcome := r.call(t, "a", "tries", r.places)
				require.Nil(t, outcome.Failure)
				var results map[string]string
				require.NoError(t, json.Unmarshal(outcome.Output, &results))
				require.NotEmpty(t, results)
				for name, result := range results {
					require.NotContains(t, result, keyText, name)
					if strings.HasPrefix(name, "way_") {
						require.Contains(t, result, "refused by the rail '"+rail+"'", name)
						// What the process lane refuses too must not be advised to move there.
						require.Equal(t, !strings.HasPrefix(name, "way_both_"), strings.Contains(result, "process lane"), "%s: %s", name, result)
					} else {
						require.Equal(t, "fine", result, name)
					}
				}
			}
		})
	}
}

// railsRunner calls the functions of a program. A way that raises something is
// told by its message, and the exceptions behind it.
const railsRunner = `
def tries(input):
    results = {}
    for name, function in list(globals().items()):
        if name.startswith(("way_", "fine_")):
            try:
                results[name] = str(function(**{k: input[k] for k in function.__code__.co_varnames[:function.__code__.co_argcount]}) or "fine")
            except BaseException as e:
                text = []
                while e is not None:
                    text.append(f"{type(e).__name__}: {e}")
                    e = e.__cause__ or e.__context__
                results[name] = " < ".join(text)
    return results
`

// TestOrdinaryProgramsOnRails runs what functions usually do, at the first call
// and again, and in two interpreters at the same time.
func TestOrdinaryProgramsOnRails(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("testdata/ordinary/programs.py")
	require.NoError(t, err)
	r := setupRails(t, func(rails *Rails) { rails.MaxDisk = 64 << 20 })
	r.define(t, "tries", string(source)+railsRunner)
	for _, tenant := range []string{"a", "b"} {
		t.Run(tenant, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				outcome := r.call(t, tenant, "tries", r.places)
				require.Nil(t, outcome.Failure)
				var results map[string]string
				require.NoError(t, json.Unmarshal(outcome.Output, &results))
				require.Greater(t, len(results), 30)
				for name, result := range results {
					require.Equal(t, "fine", result, name)
				}
			}
		})
	}
}

// TestChildrenOnRails runs programs as child processes. On a kernel without
// Landlock they are not confined.
func TestChildrenOnRails(t *testing.T) {
	t.Parallel()
	if !cpython.ChildrenConfined() {
		t.Skip("this kernel has no Landlock")
	}
	source, err := os.ReadFile("testdata/ordinary/children.py")
	require.NoError(t, err)
	r := setupRails(t, nil)
	r.define(t, "tries", string(source)+railsRunner)
	for range 2 {
		outcome := r.call(t, "a", "tries", r.places)
		require.Nil(t, outcome.Failure)
		var results map[string]string
		require.NoError(t, json.Unmarshal(outcome.Output, &results))
		for name, result := range results {
			require.NotContains(t, result, keyText, name)
			if strings.HasPrefix(name, "way_") {
				require.NotEqual(t, "0:", result[:2], "%s: %s", name, result)
			} else {
				require.Equal(t, "fine", result, name)
			}
		}
	}
	text, err := os.ReadFile(r.key)
	require.NoError(t, err)
	require.Equal(t, keyText, string(text))
}

// Shared memory takes room among the files of a subtenant, four times its size, until it is removed, and goes with its interpreter.
func TestSharedMemoryThatIsLeft(t *testing.T) {
	t.Parallel()
	r := setupRails(t, nil)
	r.define(t, "f", `
import errno, multiprocessing, os
from multiprocessing.shared_memory import SharedMemory
def f(ways):
    names = []
    try:
        while True:
            if ways == "file":
                name = f"/dev/shm/maestro-test-{os.getpid()}-{len(names)}"
                with open(name, "wb") as file:
                    names.append(name[9:])
                    file.write(b"x" * (128 << 10))
            else:
                m = SharedMemory(create=True, size=128 << 10, track=False)
                names.append(m.name)
                m.buf[:4] = b"text"
                m.close()
                if ways == "remove":
                    m.unlink()
                    multiprocessing.Lock()
                    if len(names) == 20:
                        return names
    except OSError as e:
        assert e.errno == errno.ENOSPC, e
    return names
`)
	exists := func(name string) bool {
		_, err := os.Stat("/dev/shm/" + name)
		return err == nil
	}
	left := map[string]bool{}
	call := func(way string) (names []string) {
		outcome := r.call(t, "a", "f", strconv.Quote(way))
		require.Nil(t, outcome.Failure)
		require.NoError(t, json.Unmarshal(outcome.Output, &names))
		for _, name := range names {
			if exists(name) {
				left[name] = true
			}
		}
		return names
	}
	require.Len(t, call("remove"), 20)
	require.Empty(t, left)
	require.Less(t, len(call("segment")), 10)
	require.Less(t, len(call("file")), 3)
	require.GreaterOrEqual(t, len(left), 5)
	r.host.Forget("a")
	for name := range left {
		eventually(t, func() bool { return !exists(name) }, "it goes with the interpreter")
	}
}

// Child processes make way for the server.
func TestPriorityOfChildren(t *testing.T) {
	t.Parallel()
	r := setupRails(t, nil)
	r.define(t, "f", `
import os, subprocess
def f(input):
    run = subprocess.run(["sh", "-c", "nice"], capture_output=True, text=True).stdout
    out, into = os.pipe()
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", "nice"], {"PATH": os.environ["PATH"]}, file_actions=[(os.POSIX_SPAWN_DUP2, into, 1)])
    os.waitpid(pid, 0)
    os.close(into)
    return [os.nice(0), int(run), int(os.read(out, 10))]
`)
	outcome := r.call(t, "a", "f", "null")
	require.Nil(t, outcome.Failure)
	var nice []int
	require.NoError(t, json.Unmarshal(outcome.Output, &nice))
	lower := min(nice[0]+5, 19)
	require.Equal(t, []int{nice[0], lower, lower}, nice)
}

// Children share the names of /dev/shm, unless something of the server's is there.
func TestChildrenBesidePrivateSharedMemory(t *testing.T) {
	t.Parallel()
	if !cpython.ChildrenConfined() {
		t.Skip("this kernel has no Landlock")
	}
	private, err := os.MkdirTemp("/dev/shm", "maestro-test-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(private)) })
	require.NoError(t, os.WriteFile(private+"/key", []byte(keyText), 0o600))
	r := setupRails(t, func(rails *Rails) { rails.Private = append(rails.Private, private) })
	r.define(t, "reads", "import subprocess\ndef reads(input):\n    return subprocess.run(['cat', input], capture_output=True, text=True).stdout\n")
	outcome := r.call(t, "a", "reads", strconv.Quote(private+"/key"))
	require.Nil(t, outcome.Failure)
	require.JSONEq(t, `""`, string(outcome.Output))
}

func TestRailsOfTheThreatModel(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/threat-model.md")
	require.NoError(t, err)
	for _, rail := range cpython.RailNames() {
		require.Contains(t, string(text), "| `"+rail+"` |")
	}
}
