package confine_test

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/cpython/kit"
	"maestro/internal/homes"
	"maestro/internal/testkit"
	"maestro/lane/confine"
)

// planted is the text of all files that a confined program must not read.
const planted = "planted-key-text"

// confined runs programs in Python as the process lane runs those of a
// subtenant, beside a data folder with a key and another subtenant's files.
type confined struct {
	report  *confine.Report
	policy  confine.Policy
	python  string
	data    string
	home    homes.Home
	other   homes.Home
	places  map[string]any // the input of the programs
	command func(*exec.Cmd)
}

func setup(t testing.TB) *confined {
	t.Helper()
	data := testkit.DataDir(t)
	report, err := confine.Probe(t.Context(), data)
	require.NoError(t, err)
	all, err := homes.Open(filepath.Join(data, "files"), testkit.Logger(t))
	require.NoError(t, err)
	c := &confined{report: report, data: data, places: map[string]any{}}
	c.home, err = all.Of("a")
	require.NoError(t, err)
	c.other, err = all.Of("b")
	require.NoError(t, err)
	key := filepath.Join(data, "secret_key")
	for _, path := range []string{key, filepath.Join(c.other.Folder, "file")} {
		require.NoError(t, os.WriteFile(path, []byte(planted), 0o600))
	}
	owners := confine.NewOwners(filepath.Join(data, "files"))
	user, err := owners.Own(c.home.Folder)
	require.NoError(t, err)
	_, err = owners.Own(c.other.Folder)
	require.NoError(t, err)
	home := testkit.KitHome(t)
	c.python = kit.Executable(home)
	c.policy = confine.Policy{
		Readable: []string{home}, Scratch: c.home.Folder, Temporary: c.home.Temporary, User: user,
		Network: &confine.Destinations{Deny: []netip.Prefix{netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("127.9.0.0/16"), netip.MustParsePrefix("fe80::/10")}},
		Tasks:   256, Files: 256, File: 64 << 20,
	}
	c.places["data"], c.places["key"], c.places["home"], c.places["other"] = data, key, c.home.Folder, c.other.Folder
	c.places["server"] = os.Getpid()
	return c
}

// listen returns the address of a listener that accepts connections.
func listen(t testing.TB, network, address string) net.Addr {
	t.Helper()
	listener, err := net.Listen(network, address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("hello\n"))
			_ = conn.Close()
		}
	}()
	return listener.Addr()
}

const prelude = `import json, os, sys
places = json.loads(sys.argv[1])
def outcome(function):
    try:
        return function()
    except BaseException as e:
        return f"{type(e).__name__}: {e}"
`

// run runs a program, which prints its result as JSON.
func (c *confined) run(t testing.TB, source string) (result any) {
	t.Helper()
	text, failed := c.attempt(t, source)
	require.NoError(t, failed, text)
	require.NoError(t, json.Unmarshal([]byte(text), &result), text)
	return result
}

func (c *confined) attempt(t testing.TB, source string) (string, error) {
	t.Helper()
	places, err := json.Marshal(c.places)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), c.python, "-I", "-c", prelude+source, string(places))
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + c.home.Folder, "TMPDIR=" + c.home.Temporary}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if c.command != nil {
		c.command(cmd)
	}
	release, err := c.report.Apply(cmd, c.policy, testkit.Logger(t))
	require.NoError(t, err)
	defer release()
	failed := cmd.Run()
	return strings.TrimSpace(out.String()), failed
}

func TestProbeOfThisMachine(t *testing.T) {
	t.Parallel()
	report, err := confine.Probe(t.Context(), testkit.DataDir(t))
	require.NoError(t, err)
	require.Len(t, report.Findings, len(confine.Measures()))
	for i, finding := range report.Findings {
		require.Equal(t, confine.Measures()[i], finding.Measure)
		require.True(t, finding.Holds || finding.Detail != "", "%s: a measure that does not hold has a reason", finding.Measure)
		t.Logf("%+v", finding)
	}
}

func TestConfinedProgram(t *testing.T) {
	t.Parallel()
	c := setup(t)
	result := c.run(t, `
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
for name in "kept", os.environ["TMPDIR"] + "/kept":
    open(name, "w").write("text")
print(json.dumps({"cwd": os.getcwd(), "user": [os.getuid(), os.getgid(), *os.getgroups()], "pid": os.getpid(), "environment": dict(os.environ),
  "descriptors": [name for name in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + name)],
  "status": {name: status[name].strip() for name in ("CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")}}))
`).(map[string]any)
	user, group := float64(os.Geteuid()), float64(os.Getegid())
	if c.report.Holds(confine.UID) {
		require.GreaterOrEqual(t, c.policy.User, uint32(30_000))
		user, group = float64(c.policy.User), float64(c.policy.User)
	}
	require.Equal(t, []any{user, group}, result["user"].([]any)[:2])
	if os.Geteuid() == 0 {
		require.Len(t, result["user"], 2, "no other groups")
	}
	if c.report.Holds(confine.Processes) {
		require.InDelta(t, 1, result["pid"], 0)
	}
	require.Equal(t, c.home.Folder, result["cwd"])
	require.Equal(t, map[string]any{"HOME": c.home.Folder, "TMPDIR": c.home.Temporary, "PATH": "/usr/bin:/bin", "LC_CTYPE": "C.UTF-8"}, result["environment"])
	require.Equal(t, []any{"0", "1", "2"}, result["descriptors"])
	const none = "0000000000000000"
	require.Subset(t, result["status"], map[string]any{"CapPrm": none, "CapEff": none, "CapInh": none, "CapAmb": none, "NoNewPrivs": "1", "Seccomp": "2"})
	if c.report.Holds(confine.Users) {
		require.Subset(t, result["status"], map[string]any{"CapBnd": none})
	}
	for _, folder := range []string{c.home.Folder, c.home.Temporary} {
		text, err := os.ReadFile(filepath.Join(folder, "kept"))
		require.NoError(t, err)
		require.Equal(t, "text", string(text))
	}
}

// A folder that is hidden in a readable one is not shown, but for the paths in it that are readable too.
func TestHiddenFolders(t *testing.T) {
	t.Parallel()
	c := setup(t)
	outer := testkit.DataDir(t)
	hidden := filepath.Join(outer, "hidden")
	require.NoError(t, os.MkdirAll(filepath.Join(hidden, "shown"), 0o755))
	for _, path := range []string{"file", "hidden/key", "hidden/shown/file"} {
		require.NoError(t, os.WriteFile(filepath.Join(outer, path), []byte("text"), 0o644))
	}
	require.NoError(t, os.Symlink("hidden/key", filepath.Join(outer, "link")))
	c.policy.Readable = append(c.policy.Readable, outer, filepath.Join(hidden, "shown"))
	c.policy.Hidden = []string{hidden}
	c.places["outer"] = outer
	result := c.run(t, `
def read(name):
    try:
        return open(places["outer"] + "/" + name).read()
    except OSError:
        return None
print(json.dumps([read(name) for name in ("file", "hidden/shown/file", "hidden/key", "link")]))
`)
	require.Equal(t, []any{"text", "text", nil, nil}, result)
}

// TestOrdinaryPrograms runs those of testdata/ordinary.py: none notices that it is
// confined.
func TestOrdinaryPrograms(t *testing.T) {
	t.Parallel()
	c := setup(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }))
	t.Cleanup(server.Close)
	c.places["open"] = port(server.Listener.Addr())
	source, err := os.ReadFile(filepath.Join("testdata", "ordinary.py"))
	require.NoError(t, err)
	for name, result := range c.run(t, string(source)).(map[string]any) {
		require.Nil(t, result, "%s: %v", name, result)
	}
}
