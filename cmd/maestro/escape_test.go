package main

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"maestro/internal/faultproxy"
	"maestro/internal/testkit"
	"maestro/lane/confine"
)

// confinedServer is a server whose functions run in the process lane.
type confinedServer struct {
	*program
	c *client
}

// startConfined starts one where the kernel has all that matters; the tests of lane/confine are about other machines.
func startConfined(t *testing.T, env ...string) *confinedServer {
	t.Helper()
	report, err := confine.Probe(t.Context(), t.TempDir())
	require.NoError(t, err)
	if err := report.Require([]confine.Measure{confine.Mounts, confine.Processes, confine.Network, confine.Landlock}); err != nil {
		t.Skip(err)
	}
	p := start(t, testkit.DataDir(t), append(env, "DEFAULT_LANE=process")...)
	token, err := command(t, p.dir, env, "token", "--admin").Output()
	require.NoError(t, err)
	return &confinedServer{program: p, c: &client{t: t, url: p.url, token: strings.TrimSpace(string(token))}}
}

// survived requires that the server has not died meanwhile.
func (s *confinedServer) survived(t *testing.T) {
	t.Helper()
	checks := s.c.send("GET", "/health", nil).json(t)["checks"].(map[string]any)
	require.EqualValues(t, 0, checks["server"].(map[string]any)["counts"].(map[string]any)["restarts"])
	require.JSONEq(t, `1`, s.c.result("fine", nil))
}

const fine = "def fine(input):\n    return 1\n"

// portOf returns the port of an address.
func portOf(t *testing.T, address string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(address)
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	return port
}

// TestEscapesFromTheProcessLane runs the programs of lane/confine as a function of a real server, against
// its data folder, its processes, its database and its Redis.
func TestEscapesFromTheProcessLane(t *testing.T) {
	t.Parallel()
	proxy, database, err := faultproxy.Postgres(testkit.DatabaseURL(t))
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	redis := miniredis.RunT(t)
	s := startConfined(t, "DATABASE_URL="+database, "REDIS_URL=redis://"+redis.Addr(), "SECRET_KEY=0123456789abcdef0123456789abcdef")
	s.c.define("fine", fine)
	const planted = "planted-key-text"
	key, other := filepath.Join(s.dir, "planted"), filepath.Join(s.dir, "files", "other")
	require.NoError(t, os.MkdirAll(other, 0o755))
	for _, path := range []string{key, filepath.Join(other, "file")} {
		require.NoError(t, os.WriteFile(path, []byte(planted), 0o644))
	}
	socket := filepath.Join(s.dir, "socket")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	source, err := os.ReadFile(filepath.Join("..", "..", "lane", "confine", "testdata", "escapes.py"))
	require.NoError(t, err)
	s.c.define("escapes", string(source)+"\ndef escapes(input):\n    return attempts(input)\n")
	for name, service := range map[string]string{"database": proxy.Addr(), "Redis": redis.Addr()} {
		var results map[string]any
		require.NoError(t, json.Unmarshal([]byte(s.c.result("escapes", map[string]any{
			"data": s.dir, "key": key, "home": filepath.Join(s.dir, "files", "default"), "other": other, "server": s.cmd.Process.Pid,
			"variable": "DATA_DIR=", "service": portOf(t, service), "open": 9, "socket": socket, "abstract": "\x00none",
		})), &results))
		require.Greater(t, len(results), 30)
		for escape, result := range results {
			if result != nil {
				text, isText := result.(string)
				require.True(t, isText && strings.Contains(text, "Error"), "%s, %s: %v", name, escape, result)
				require.NotContains(t, text, planted, escape)
			}
		}
	}
	s.survived(t)
}

// A token that a function has found does not open the server's API, as in the embedded lane.
func TestTheOwnAPIFromTheProcessLane(t *testing.T) {
	t.Parallel()
	s := startConfined(t)
	s.c.define("fine", fine)
	require.Equal(t, http.StatusCreated, s.c.send("POST", "/api/v1/webhooks", map[string]any{"path": "fine", "function_name": "fine", "requires_auth": false}).status)
	s.c.define("asks", railed+`
def asks(input):
    return [ask(input, path) for path in ("/api/v1/functions", "/api/v1/subtenants", "/health", "/metrics", "/api/v1/h/fine", "/openapi.json", "/docs")]

`)
	s.c.define("asks_by_child", `import json, subprocess, sys
program = """
import sys, urllib.request, urllib.error
request = urllib.request.Request(sys.argv[1] + "/api/v1/functions", headers={"Authorization": "Bearer " + sys.argv[2]})
try:
    print(urllib.request.urlopen(request).status)
except urllib.error.HTTPError as e:
    print(e.code)
"""
def asks_by_child(input):
    return int(subprocess.run([sys.executable, "-c", program, input["url"], input["token"]], capture_output=True, text=True, check=True).stdout)
`)
	asked := map[string]any{"url": s.url, "token": s.c.token}
	for range 2 {
		require.JSONEq(t, `[403,403,403,403,200,200,200]`, s.c.result("asks", asked))
		require.JSONEq(t, `403`, s.c.result("asks_by_child", asked))
	}
	require.Equal(t, http.StatusOK, s.c.send("GET", "/api/v1/functions", nil).status, "the test's own connection")
	s.survived(t)
}

// Processes without end, and files without end, get an error, and the next call finds room.
func TestBoundsOfTheProcessLane(t *testing.T) {
	t.Parallel()
	s := startConfined(t, "MAX_FUNCTION_DISK=16", "MAX_CHILDREN=1", "MAX_FUNCTION_THREADS=16")
	s.c.define("fine", fine)
	s.c.define("bomb", `import os, signal
def bomb(input):
    pids = []
    try:
        while True:
            pid = os.fork()
            if pid == 0:
                while True:
                    signal.pause()
            pids.append(pid)
    except OSError as e:
        return [len(pids), e.errno]
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
`)
	var forked []int
	require.NoError(t, json.Unmarshal([]byte(s.c.result("bomb", nil)), &forked))
	require.Less(t, forked[0], 1000)
	require.Equal(t, 11, forked[1], "EAGAIN")
	s.c.define("fill", `import os, shutil
def fill(input):
    written = 0
    try:
        while True:
            os.makedirs("full", exist_ok=True)
            with open(f"full/{written}", "wb") as file:
                written += file.write(bytes(1 << 20))
    except OSError as e:
        return [written >> 20, e.errno]
    finally:
        shutil.rmtree("full")
`)
	var filled []int
	require.NoError(t, json.Unmarshal([]byte(s.c.result("fill", nil)), &filled))
	require.Equal(t, 27, filled[1], "EFBIG")
	require.GreaterOrEqual(t, filled[0], 16)
	t.Logf("%d processes; %d MB over the bound of the folder", forked[0], filled[0]-16)
	s.c.define("writes", "def writes(input):\n    try:\n        with open(\"file\", \"w\") as file:\n            return file.write(\"text\")\n    except OSError:\n        return 0\n")
	require.Eventually(t, func() bool { return s.c.result("writes", nil) == "4" }, 20e9, 1e7, "there is room again")
	s.survived(t)
}
