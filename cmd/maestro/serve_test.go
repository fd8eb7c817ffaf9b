package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// fails runs maestro serve where it can't start and returns its one line.
func fails(t *testing.T, env ...string) string {
	t.Helper()
	cmd := command(t, testkit.DataDir(t), env, "serve")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "it must not start")
	require.Equal(t, 1, exit.ExitCode())
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	return lines[len(lines)-1]
}

func TestServeSaysWhyItCantStart(t *testing.T) {
	t.Parallel()
	t.Run("a taken port", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
		line := fails(t, "PORT="+port)
		require.Contains(t, line, port)
		require.Contains(t, line, "PORT")
	})
	t.Run("a bad setting", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, fails(t, "FUNCTION_TIMEOUT=soon"), "FUNCTION_TIMEOUT")
	})
	t.Run("a short secret", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, fails(t, "CENSUS_JWT_SECRET=short"), "CENSUS_JWT_SECRET")
	})
	t.Run("no database", func(t *testing.T) {
		t.Parallel()
		line := fails(t, "DATABASE_URL=postgres://maestro:hidden-word@127.0.0.1:1/maestro", "SECRET_KEY="+strings.Repeat("k", 40))
		require.Contains(t, line, "DATABASE_URL")
		require.NotContains(t, line, "hidden-word")
	})
	t.Run("an external database without a secret key", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, fails(t, "DATABASE_URL=postgres://127.0.0.1:1/maestro"), "SECRET_KEY")
	})
	t.Run("no Python", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, fails(t, "MAESTRO_PYTHON_HOME="+t.TempDir()), "MAESTRO_PYTHON_HOME")
	})
}

func TestServeWithoutRedis(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret, "REDIS_URL=redis://127.0.0.1:1")
	c := p.client(t, "a")
	c.define("one", "def one(input):\n    return 1\n")
	require.Equal(t, "1", c.result("one", nil))
	r := c.send("GET", "/health", nil)
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "degraded", r.json(t)["status"])
}

func TestTwoServersOnOneDataFolder(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret)
	cmd := command(t, p.dir, []string{"CENSUS_JWT_SECRET=" + jwtSecret}, "serve")
	text, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(text), p.dir)
	require.Equal(t, http.StatusOK, p.client(t, "a").send("GET", "/health", nil).status, "the first one goes on")
}

// SIGTERM lets what runs end and answers it; then the process ends well.
func TestSIGTERMDrains(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret)
	c := p.client(t, "a")
	c.define("slow", "import time, maestro\ndef slow(input):\n    print('begun')\n    time.sleep(1)\n    return 'done'\n")
	c.define("quick", "def quick(input):\n    return 1\n")
	require.Equal(t, "1", c.result("quick", nil))
	answered := make(chan reply, 1)
	go func() { answered <- c.call("slow", nil) }()
	require.Eventually(t, func() bool {
		return strings.Contains(string(c.send("GET", "/api/v1/executions?function_name=slow", nil).body), "running")
	}, 10*time.Second, 20*time.Millisecond, "a run of more than 250 ms is seen running")
	p.stop(t)
	r := <-answered
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	require.Contains(t, string(r.body), `"done"`)
}

// kill -9 under load: everything that was answered is in the database.
func TestKill9LosesNoAnswer(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	p := launch(t, dir, "CENSUS_JWT_SECRET="+jwtSecret)
	c := p.client(t, "a")
	c.define("echo", "def echo(input):\n    return input\n")
	var (
		mu  sync.Mutex // guards ids
		ids []string
	)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for {
				request, err := http.NewRequest(http.MethodPost, c.url+"/api/v1/executions", strings.NewReader(`{"function_name":"echo","input_data":1}`))
				if err != nil {
					return
				}
				request.Header.Set("Authorization", "Bearer "+c.token)
				request.Header.Set("Content-Type", "application/json")
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					return // the server is gone
				}
				_ = response.Body.Close()
				if response.StatusCode == http.StatusOK {
					mu.Lock()
					ids = append(ids, response.Header.Get("X-Execution-ID"))
					mu.Unlock()
				}
			}
		})
	}
	require.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(ids) > 500 }, time.Minute, time.Millisecond)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGKILL))
	<-p.done
	wait.Wait()

	again := start(t, dir, "CENSUS_JWT_SECRET="+jwtSecret).client(t, "a")
	for _, id := range ids {
		require.Equal(t, http.StatusOK, again.send("GET", "/api/v1/executions/"+id, nil).status, id)
	}
}

// Development mode: an administrator's token is kept in the data folder, and
// the command line finds it and the server by itself.
func TestDevelopmentMode(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.DataDir(t))
	require.Contains(t, p.said(), "development")
	text, err := command(t, p.dir, []string{"MAESTRO_URL=" + p.url}, "examples", "load").CombinedOutput()
	require.NoError(t, err, "%s", text)
	token, err := command(t, p.dir, nil, "token").Output()
	require.NoError(t, err)
	c := &client{t: t, url: p.url, token: strings.TrimSpace(string(token)), tenant: "default"}
	require.Contains(t, string(c.send("GET", "/api/v1/functions", nil).body), "process_invoice")
	r := c.send("POST", "/api/v1/h/process-invoice", map[string]string{"url": p.url + "/examples/documents/invoice-1001.txt"})
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	c.token = ""
	require.Equal(t, http.StatusUnauthorized, c.send("GET", "/api/v1/functions", nil).status, "tokens are demanded all the same")
	found, err := filepath.Glob(filepath.Join(p.dir, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, found)
}

// The subtenant of development mode can be deleted like any other; the server
// starts without it, and the administrator works in others.
func TestDevelopmentModeWithoutItsSubtenant(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	p := launch(t, dir)
	token, err := command(t, dir, nil, "token", "--admin").Output()
	require.NoError(t, err)
	admin := &client{t: t, url: p.url, token: strings.TrimSpace(string(token))}
	require.Equal(t, http.StatusNoContent, admin.send("DELETE", "/api/v1/subtenants/default", nil).status)
	require.Equal(t, http.StatusCreated, admin.send("POST", "/api/v1/subtenants", map[string]string{"subtenant_id": "other"}).status)
	p.stop(t)

	p = start(t, dir)
	require.Contains(t, p.said(), "was deleted and stays so")
	admin.url = p.url
	require.Equal(t, http.StatusNotFound, admin.send("GET", "/api/v1/functions", nil).status)
	require.Equal(t, http.StatusOK, admin.send("GET", "/api/v1/functions", nil, "X-Subtenant-ID", "other").status)
}
