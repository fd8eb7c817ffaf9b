package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// processes lists the processes that have an argument, by their parents.
func processes(argument string) map[int][]int {
	found := map[int][]int{}
	paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains("\x00"+string(text), "\x00"+argument+"\x00") {
			continue
		}
		dir := filepath.Dir(path)
		stat, err := os.ReadFile(dir + "/stat")
		if err != nil {
			continue
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if parent, err := strconv.Atoi(fields[1]); err == nil && fields[0] != "Z" {
			found[parent] = append(found[parent], pid)
		}
	}
	return found
}

// server is the process of the server that the supervisor has started last.
func (p *program) server(t testing.TB) (pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		servers := processes(serverName)[p.cmd.Process.Pid]
		if len(servers) == 1 {
			pid = servers[0]
		}
		return len(servers) == 1
	}, time.Minute, 5*time.Millisecond, "the supervisor has no server")
	return pid
}

// alive reports whether a process exists and has not ended.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// A server that ends by itself is started again: the caller whose connection was cut
// gets an error, connections wait meanwhile, the database and its password stay, and
// the log says what ended the server.
func TestAServerThatEnds(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret, "LOG_FORMAT=json")
	c := p.client(t, "acme")
	c.define("echo", "def echo(input):\n    return input\n")
	c.define("stays", "import time\ndef stays(input):\n    time.sleep(60)\n")
	database := postmaster(t, p.dir)
	for restarts, ending := range []struct {
		end func(pid int)
		how string
	}{
		{func(pid int) { require.NoError(t, syscall.Kill(pid, syscall.SIGKILL)) }, `"signal":"9 (killed)"`},
		{func(pid int) { require.NoError(t, syscall.Kill(pid, syscall.SIGSEGV)) }, `"status":2`}, // Go's own report of the fault
		{func(pid int) { require.NoError(t, syscall.Kill(pid, syscall.SIGTERM)) }, `"status":0`},
	} {
		before := p.server(t)
		answered := make(chan error, 1)
		go func() {
			_, err := c.try("POST", "/api/v1/executions", `{"function_name":"stays"}`)
			answered <- err
		}()
		if restarts == 0 {
			require.Eventually(t, func() bool {
				return strings.Contains(string(c.send("GET", "/api/v1/executions?function_name=stays&status=running", nil).body), "running")
			}, time.Minute, 10*time.Millisecond)
		}
		ending.end(before)
		require.Eventually(t, func() bool { return !alive(before) }, 2*time.Minute, time.Millisecond)
		http.DefaultClient.CloseIdleConnections() // those that were cut
		require.Equal(t, "7", c.result("echo", 7), "a connection waits for the next server")
		if restarts == 0 {
			require.Error(t, <-answered, "its connection is cut")
		}
		require.NotEqual(t, before, p.server(t))
		require.Contains(t, p.said(), ending.how)
		require.Eventually(t, func() bool { return strings.Contains(p.said(), fmt.Sprintf(`"restarts":%d,"took"`, restarts+1)) }, time.Minute, time.Millisecond)
	}
	require.Equal(t, database, postmaster(t, p.dir), "the database goes on")
	require.Contains(t, string(c.send("GET", "/health", nil).body), `"restarts":3`)
	require.Equal(t, 1, strings.Count(p.said(), "maestro is ready at"), "the line is for the first start")
	executions := string(c.send("GET", "/api/v1/executions?function_name=stays", nil).body)
	require.Contains(t, executions, `"crashed"`)
}

// Neither process shows a secret in its environment, to whose content all processes
// of the account have access.
func TestEnvironmentsOfTheProcesses(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret, "SECRET_KEY="+strings.Repeat("k", 40), "OTHER_PASSWORD=hidden-word",
		"PIP_INDEX_URL=http://user:hidden-word@127.0.0.1:1/", "PIP_CERT=hidden-word", "PGPASSWORD=hidden-word", "TZ=Asia/Tokyo")
	for _, pid := range []int{p.cmd.Process.Pid, p.server(t), postmaster(t, p.dir)} {
		environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		require.NoError(t, err)
		for _, hidden := range []string{jwtSecret, "kkkk", "hidden-word"} {
			require.NotContains(t, string(environ), hidden)
		}
		require.Contains(t, string(environ), "TZ=")
		links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		require.NoError(t, err)
		for _, link := range links {
			if to, _ := os.Readlink(link); pid != p.cmd.Process.Pid {
				require.NotContains(t, to, "maestro-settings")
			}
		}
	}
}

// kill -9 of the supervisor ends the server and the database. The processes that a
// function has started end with their server.
func TestProcessesThatEndWithTheirParent(t *testing.T) {
	t.Parallel()
	p := launch(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret)
	c := p.client(t, "acme")
	mark := "3" + strconv.Itoa(os.Getpid()) // seconds
	c.define("starts", fmt.Sprintf(`
import subprocess

def starts(input):
    session = input["session"]
    child = subprocess.Popen(["/bin/sleep", "%s"], start_new_session=session)
    return child.pid
`, mark))
	for _, session := range []bool{false, true} {
		answer := c.call("starts", map[string]any{"session": session})
		require.Equal(t, http.StatusOK, answer.status, "%s", answer.body)
		require.NoError(t, syscall.Kill(p.server(t), syscall.SIGKILL))
		require.Eventually(t, func() bool { return len(processes(mark)) == 0 }, time.Minute, 5*time.Millisecond)
		require.Equal(t, http.StatusOK, c.send("GET", "/livez", nil).status)
	}
	server, database := p.server(t), postmaster(t, p.dir)
	require.NoError(t, p.cmd.Process.Kill())
	<-p.done
	require.Eventually(t, func() bool { return !alive(server) && !alive(database) }, time.Minute, 5*time.Millisecond)
}

// A signal that reaches the supervisor and the server (killall maestro) stops the
// server in order, as one signal.
func TestOneSignalToBothProcesses(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret)
	c := p.client(t, "acme")
	c.define("slow", "import time\ndef slow(input):\n    time.sleep(1)\n    return 'done'\n")
	answered := make(chan reply, 1)
	go func() { answered <- c.call("slow", nil) }()
	require.Eventually(t, func() bool {
		return strings.Contains(string(c.send("GET", "/api/v1/executions?function_name=slow", nil).body), "running")
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, syscall.Kill(p.server(t), syscall.SIGTERM))
	p.stop(t)
	require.Equal(t, http.StatusOK, (<-answered).status)
}

// From the first stop signal on no connection waits for a server that never comes.
func TestConnectionsAfterAStop(t *testing.T) {
	t.Parallel()
	p := launch(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret, graceVariable+"=60")
	c := p.client(t, "acme")
	c.define("stays", "import time\ndef stays(input):\n    time.sleep(input)\n    return 'done'\n")
	answered := make(chan reply, 1)
	go func() { answered <- c.call("stays", 3) }()
	require.Eventually(t, func() bool {
		return strings.Contains(string(c.send("GET", "/api/v1/executions?function_name=stays", nil).body), "running")
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, time.Minute, 10*time.Millisecond, "connections are refused while the last run goes on")
	require.Equal(t, http.StatusOK, (<-answered).status)
	<-p.done
	require.NoError(t, p.err, p.said())
}

// A server that starts paused accepts asynchronous runs and runs none before the
// operator says so; it stays paused when it ends and is started again.
func TestAPauseFromTheStart(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	p := launchCommand(t, dir, []string{"CENSUS_JWT_SECRET=" + jwtSecret}, "serve", "--paused")
	t.Cleanup(func() { p.stop(t) })
	c := p.client(t, "acme")
	c.define("one", "def one(input):\n    return 1\n")
	require.Equal(t, "1", c.result("one", nil))
	r := c.send("POST", "/api/v1/executions", map[string]any{"function_name": "one", "mode": "async"})
	require.Equal(t, http.StatusAccepted, r.status, "%s", r.body)
	id := r.json(t)["execution_id"].(string)
	require.NoError(t, syscall.Kill(p.server(t), syscall.SIGKILL))

	r = c.send("GET", "/health", nil)
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "degraded", r.json(t)["status"])
	require.Contains(t, string(r.body), fmt.Sprintf("send SIGUSR1 to process %d", p.cmd.Process.Pid))
	require.Contains(t, string(c.send("GET", "/api/v1/executions/"+id, nil).body), `"pending"`)

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGUSR1))
	completed := func() bool {
		return strings.Contains(string(c.send("GET", "/api/v1/executions/"+id, nil).body), `"completed"`)
	}
	require.Eventually(t, completed, time.Minute, 10*time.Millisecond)
	require.Eventually(t, func() bool { return c.send("GET", "/health", nil).json(t)["status"] == "healthy" }, time.Minute, 10*time.Millisecond)

	require.NoError(t, syscall.Kill(p.server(t), syscall.SIGKILL))
	require.Equal(t, "healthy", c.send("GET", "/health", nil).json(t)["status"], "the pause is over for the next server too")
}

// The mode for a debugger: one process, which nothing starts again.
func TestAnUnsupervisedServer(t *testing.T) {
	t.Parallel()
	p := launchCommand(t, testkit.DataDir(t), []string{"CENSUS_JWT_SECRET=" + jwtSecret}, "serve", "--unsupervised", "--paused")
	require.Empty(t, processes(serverName)[p.cmd.Process.Pid])
	c := p.client(t, "acme")
	c.define("one", "def one(input):\n    return 1\n")
	require.Equal(t, "1", c.result("one", nil))
	require.Contains(t, string(c.send("GET", "/health", nil).body), "restart the server without --paused")
	p.stop(t)
}

// The hidden command of the server is of no use by hand, and says so.
func TestTheServersCommandByHand(t *testing.T) {
	t.Parallel()
	text, err := command(t, testkit.DataDir(t), nil, serverName).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(text), "use `maestro serve`")
	require.Equal(t, 1, strings.Count(string(text), "\n"))
}
