package confine_test

import (
	"bytes"
	"encoding/json"
	"net"
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

func setup(t *testing.T) *confined {
	t.Helper()
	report, err := confine.Probe(t.Context(), t.TempDir())
	require.NoError(t, err)
	data := t.TempDir()
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
func listen(t *testing.T, network, address string) net.Addr {
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
func (c *confined) run(t *testing.T, source string) (result any) {
	t.Helper()
	text, failed := c.attempt(t, source)
	require.NoError(t, failed, text)
	require.NoError(t, json.Unmarshal([]byte(text), &result), text)
	return result
}

func (c *confined) attempt(t *testing.T, source string) (string, error) {
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
	report, err := confine.Probe(t.Context(), t.TempDir())
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
	t.Log(c.run(t, `
open("kept", "w").write("text")
open("/tmp/kept", "w").write("text")
print(json.dumps({"cwd": os.getcwd(), "uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(), "pid": os.getpid(), "env": dict(os.environ), "root": os.listdir("/"),
  "etc": os.listdir("/etc"), "proc": os.listdir("/proc"), "fds": os.listdir("/proc/self/fd"), "dev": os.listdir("/dev"), "status": open("/proc/self/status").read()}))
`))
	text, err := os.ReadFile(filepath.Join(c.home.Folder, "kept"))
	require.NoError(t, err)
	require.Equal(t, "text", string(text))
	require.FileExists(t, filepath.Join(c.home.Temporary, "kept"))
}
