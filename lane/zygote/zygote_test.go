package zygote_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/cpython"
	"maestro/embed"
	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/lane/zygote"
)

// The patience with processes that end, on a busy machine.
const (
	eventually = 30 * time.Second
	often      = 2 * time.Millisecond
)

// TestMain is also the main function of the zygotes' children.
func TestMain(m *testing.M) {
	if fd, given := cpython.Connection(); given {
		if err := serve(os.NewFile(uintptr(fd), "connection")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// order has a child run a function, and its answer.
type order struct {
	Home    string         `json:"home"`
	Site    string         `json:"site"`
	Program *model.Program `json:"program"`
	Input   string         `json:"input"`
	Seconds int            `json:"seconds"` // 0: 60
}

type answer struct {
	Forked  bool            `json:"forked"`
	Output  json.RawMessage `json:"output"`
	Failure *model.Failure  `json:"failure"`
	Lines   []string        `json:"lines"`
	Error   string          `json:"error"`
}

// serve is a child: it runs what it is ordered to until the connection is closed.
func serve(conn *os.File) error {
	orders, answers := json.NewDecoder(conn), json.NewEncoder(conn)
	var host *embed.Host
	for {
		var o order
		if err := orders.Decode(&o); err != nil {
			return nil //nolint:nilerr // the parent has closed it
		}
		if host == nil {
			var err error
			if host, err = embed.New(embed.Options{Home: o.Home, Main: true, Marker: os.DevNull, Kept: []*os.File{conn}}); err == nil {
				err = host.Start(context.Background())
			}
			if err != nil {
				return err
			}
		}
		if err := answers.Encode(run(host, o)); err != nil {
			return err
		}
	}
}

func run(host *embed.Host, o order) answer {
	lines := &engine{}
	embed.Adopt(o.Program)
	deadline := time.Now().Add(time.Duration(max(o.Seconds, 1)) * time.Second)
	if o.Seconds == 0 {
		deadline = time.Now().Add(time.Minute)
	}
	call := model.Call{Tenant: "a", Program: o.Program, Input: []byte(o.Input), Host: lines, Deadline: deadline}
	if o.Site != "" {
		call.Packages = model.SitePackages{Number: 1, Path: o.Site}
	}
	outcome, err := host.Call(context.Background(), call)
	a := answer{Forked: cpython.Forked(), Output: outcome.Output, Failure: outcome.Failure, Lines: lines.all()}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

// engine is a model.Host that knows no siblings and keeps the lines.
type engine struct {
	mu    sync.Mutex
	lines []string
}

func (e *engine) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string{}, e.lines...)
}

func (e *engine) Log(_ model.StepRef, line model.LogLine) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lines = append(e.lines, line.Text)
}

func (e *engine) BeginStep(_ model.StepRef, name string, _ []byte) (model.Begun, *model.Raise) {
	return model.Begun{}, &model.Raise{Kind: model.RaiseName, Name: name}
}
func (e *engine) EndStep(model.StepRef, []byte, *model.Failure) *model.Raise { return nil }
func (e *engine) Lookup(name string) (*model.Program, *model.Raise) {
	return nil, &model.Raise{Kind: model.RaiseName, Name: name}
}
func (e *engine) Module(string) (*model.Program, *model.Raise) { return nil, nil }
func (e *engine) Siblings() ([]string, uint64)                 { return nil, 1 }
func (e *engine) Generation() uint64                           { return 1 }
func (e *engine) Request() (*model.HTTPRequest, *model.Raise)  { return nil, nil }
func (e *engine) Info(model.StepRef) (i model.CallInfo)        { return i }
func (e *engine) Emit(model.Emitted, bool) model.EmitState     { return model.EmitCollect }
func (e *engine) Secret(model.StepRef, string) (string, *model.Raise) {
	return "", &model.Raise{Kind: model.RaiseSecret}
}
func (e *engine) Spawn(string, []byte, time.Duration) (id model.ID, r *model.Raise) {
	return id, &model.Raise{Kind: model.RaiseEngine}
}

// compiler compiles what the children run.
var compiler struct {
	sync.Once
	host *embed.Host
}

func compile(t testing.TB, source string) *model.Program {
	t.Helper()
	compiler.Do(func() {
		host, err := embed.New(embed.Options{Home: testkit.KitHome(t), WarmPool: -1})
		require.NoError(t, err)
		require.NoError(t, host.Start(context.Background()))
		compiler.host = host
	})
	p, err := compiler.host.Compile(t.Context(), "f", 1, source)
	require.NoError(t, err)
	return p
}

// log keeps what processes write.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func config(t testing.TB, preload ...string) zygote.Config {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	out := &log{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(out.String())
		}
	})
	return zygote.Config{
		Binary: binary, Home: testkit.KitHome(t), Preload: preload, Log: out,
		Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()},
	}
}

func start(t testing.TB, cfg zygote.Config) *zygote.Zygote {
	t.Helper()
	z, err := zygote.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, z.Close()) })
	return z
}

// process is a child, and the connection to it.
type process struct {
	*zygote.Child
	cfg  zygote.Config
	conn *os.File
	from *json.Decoder
}

type starting func(context.Context, *os.File) (*zygote.Child, error)

func spawning(cfg zygote.Config) starting {
	return func(ctx context.Context, conn *os.File) (*zygote.Child, error) { return zygote.Spawn(ctx, cfg, conn) }
}

func begin(t testing.TB, cfg zygote.Config, by starting) *process {
	t.Helper()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	c, err := by(t.Context(), theirs)
	require.NoError(t, err)
	require.NoError(t, theirs.Close())
	t.Cleanup(func() {
		require.NoError(t, c.Kill())
		<-c.Exited()
		_ = ours.Close()
	})
	return &process{Child: c, cfg: cfg, conn: ours, from: json.NewDecoder(ours)}
}

// call runs the function f of a source in the child.
func (p *process) call(t testing.TB, source string, seconds int) answer {
	t.Helper()
	p.order(t, source, seconds)
	return p.answer(t)
}

func (p *process) order(t testing.TB, source string, seconds int) {
	t.Helper()
	o := order{Home: p.cfg.Home, Site: p.cfg.Site, Program: compile(t, source), Input: "null", Seconds: seconds}
	require.NoError(t, json.NewEncoder(p.conn).Encode(o))
}

func (p *process) answer(t testing.TB) (a answer) {
	t.Helper()
	require.NoError(t, p.from.Decode(&a))
	require.Empty(t, a.Error)
	return a
}

// value runs a function that succeeds, and returns its output.
func (p *process) value(t testing.TB, source string) string {
	t.Helper()
	a := p.call(t, source, 0)
	require.Nil(t, a.Failure)
	return string(a.Output)
}

func TestForkedProcess(t *testing.T) {
	t.Parallel()
	cfg := config(t, "json", "decimal", "nothing_of_that_name")
	z := start(t, cfg)
	require.Len(t, z.Refused(), 1)
	require.Contains(t, z.Refused()[0], "nothing_of_that_name: ModuleNotFoundError")
	p := begin(t, cfg, z.Fork)
	a := p.call(t, `
import sys
print("in", __name__)
def f(input):
    print("a line")
    return ["decimal" in sys.modules, "sqlite3" in sys.modules]
`, 0)
	require.True(t, a.Forked)
	require.Nil(t, a.Failure)
	require.JSONEq(t, `[true, false]`, string(a.Output))
	require.Equal(t, []string{"in functions.f", "a line"}, a.Lines)
}

func TestSpawnedProcess(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	p := begin(t, cfg, spawning(cfg))
	a := p.call(t, "def f(input):\n    return 1\n", 0)
	require.False(t, a.Forked)
	require.Equal(t, "1", string(a.Output))
	require.NoError(t, p.Kill())
	<-p.Exited()
	require.True(t, p.Status().Signaled())
	require.Equal(t, syscall.SIGKILL, p.Status().Signal())
}

func TestRandomNumbersOfForkedProcesses(t *testing.T) {
	t.Parallel()
	cfg := config(t, "random", "uuid", "ssl", "tempfile", "multiprocessing")
	z := start(t, cfg)
	source := `
import multiprocessing, os, random, secrets, ssl, tempfile, uuid
def f(input):
    return [random.random(), secrets.token_hex(), str(uuid.uuid4()), str(uuid.uuid1()), ssl.RAND_bytes(16).hex(),
            os.urandom(8).hex(), next(tempfile._get_candidate_names()), multiprocessing.current_process().authkey.hex()]
`
	seen := map[string]bool{}
	for range 3 {
		p := begin(t, cfg, z.Fork)
		var values []any
		require.NoError(t, json.Unmarshal([]byte(p.value(t, source)), &values))
		for _, value := range values {
			require.False(t, seen[fmt.Sprint(value)], "two processes have drawn %v", value)
			seen[fmt.Sprint(value)] = true
		}
	}
}

func TestEndOfAForkedProcess(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	z := start(t, cfg)
	p := begin(t, cfg, z.Fork)
	p.order(t, "import os\ndef f(input):\n    os._exit(3)\n", 0)
	<-p.Exited()
	require.True(t, p.Status().Exited())
	require.Equal(t, 3, p.Status().ExitStatus())

	p = begin(t, cfg, z.Fork)
	p.order(t, "import os, signal\ndef f(input):\n    os.kill(os.getpid(), signal.SIGSEGV)\n    import ctypes\n    ctypes.string_at(0)\n", 0)
	<-p.Exited()
	require.True(t, p.Status().Signaled())
	require.Equal(t, syscall.SIGSEGV, p.Status().Signal())
}

// lives reports whether there is a process, zombies aside.
func lives(pid string) bool {
	state, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(state), ") Z ")
}

func TestProcessesThatAKilledOneLeaves(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	z := start(t, cfg)
	p := begin(t, cfg, z.Fork)
	pids := strings.Trim(p.value(t, `
import subprocess
kept = []
def f(input):
    for own_session in (False, True):
        kept.append(subprocess.Popen(["sleep", "600"], start_new_session=own_session))
    return " ".join(str(child.pid) for child in kept)
`), `"`)
	require.NoError(t, p.Kill())
	<-p.Exited()
	for _, pid := range strings.Fields(pids) {
		require.Eventually(t, func() bool { return !lives(pid) }, eventually, often)
	}
}

func TestEndOfAZygote(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	z, err := zygote.Start(t.Context(), cfg)
	require.NoError(t, err)
	p := begin(t, cfg, z.Fork)
	require.Equal(t, "1", p.value(t, "def f(input):\n    return 1\n"))
	require.NoError(t, z.Close())
	<-p.Exited()
	require.Equal(t, syscall.SIGKILL, p.Status().Signal())
	require.Eventually(t, func() bool { return !lives(fmt.Sprint(p.Pid)) }, eventually, often)
	_, err = z.Fork(t.Context(), p.conn)
	require.ErrorContains(t, err, "the zygote has ended")
}

func TestModulesThatStartThreads(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*exec.Cmd) (func(), error){
		"with /proc": nil, "without /proc": hideProcesses, // as in a container that may mount none
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(t, "json", "restless", "also_restless", "decimal")
			cfg.Site, cfg.Prepare = t.TempDir(), prepare
			text := "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
			require.NoError(t, os.WriteFile(filepath.Join(cfg.Site, "restless.py"), []byte(text), 0o644))
			require.NoError(t, os.WriteFile(filepath.Join(cfg.Site, "also_restless.py"), []byte("import restless"), 0o644))
			z := start(t, cfg)
			p := begin(t, cfg, z.Fork)
			require.JSONEq(t, `[true, false, "restless"]`, p.value(t, `
import sys
before = ["decimal" in sys.modules, "restless" in sys.modules]
import restless
def f(input):
    return [*before, restless.__name__]
`))
		})
	}
}

// hideProcesses starts a program where /proc is empty.
func hideProcesses(cmd *exec.Cmd) (func(), error) {
	const hide = `mount -t tmpfs none /proc && exec "$@"`
	args := append([]string{"unshare", "--user", "--map-root-user", "--mount", "sh", "-c", hide, "sh", cmd.Path}, cmd.Args[1:]...)
	var err error
	cmd.Path, err = exec.LookPath(args[0])
	cmd.Args = args
	return func() {}, err
}

func TestModuleThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	cfg := config(t, "endless")
	cfg.Site, cfg.Limit = t.TempDir(), time.Second
	require.NoError(t, os.WriteFile(filepath.Join(cfg.Site, "endless.py"), []byte("while True: pass\n"), 0o644))
	_, err := zygote.Start(t.Context(), cfg)
	require.ErrorContains(t, err, "its imports have taken more than 1s")
}

func TestZygoteWithoutPython(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.Home = t.TempDir()
	_, err := zygote.Start(t.Context(), cfg)
	require.ErrorContains(t, err, "start a zygote: dlopen")
}

func TestStopsInAForkedProcess(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	z := start(t, cfg)
	p := begin(t, cfg, z.Fork)
	for _, body := range []string{"while True: pass", "import time; time.sleep(600)", "import threading; threading.Event().wait()"} {
		a := p.call(t, "def f(input):\n    "+body+"\n", 1)
		require.NotNil(t, a.Failure)
		require.Equal(t, model.FailureTimeout, a.Failure.Kind)
	}
	require.Equal(t, "1", p.value(t, "def f(input):\n    return 1\n"))
}

func TestConnectionOfAProcess(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	z := start(t, cfg)
	p := begin(t, cfg, z.Fork)
	require.JSONEq(t, `["OSError", "OSError", "OSError"]`, p.value(t, `
import os, stat
def attempt(function, *arguments):
    try:
        return function(*arguments) and None
    except OSError as error:
        return "OSError"
def f(input):
    (connection,) = [fd for fd in map(int, os.listdir("/proc/self/fd")) if "socket" in (attempt(os.readlink, f"/proc/self/fd/{fd}") or os.path.realpath(f"/proc/self/fd/{fd}"))]
    return [attempt(os.write, connection, b"x"), attempt(os.close, connection), attempt(os.dup, connection)]
`))
	require.Equal(t, "1", p.value(t, "def f(input):\n    return 1\n"))
}
