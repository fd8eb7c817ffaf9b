package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// crashing is the code of a function that ends the process if its input says so: it
// reads memory whose file has become shorter, without the GIL.
func crashing(name string) string {
	return fmt.Sprintf(`import hashlib
import mmap
import tempfile

def %s(input):
    if not input:
        return 1
    with tempfile.TemporaryFile() as file:
        file.truncate(1 << 16)
        mapped = mmap.mmap(file.fileno(), 1 << 16)
        file.truncate(0)
        return hashlib.sha256(mapped).hexdigest()
`, name)
}

// executions are those of the client's subtenant, by function.
func (c *client) executions() map[string][]map[string]any {
	c.t.Helper()
	var page []map[string]any
	require.NoError(c.t, c.send("GET", "/api/v1/executions?limit=100", nil).into(&page))
	all := map[string][]map[string]any{}
	for _, e := range page {
		name := e["function_name"].(string)
		all[name] = append(all[name], e)
	}
	return all
}

// crash calls a function that ends the server, and returns when there is another one.
func (c *client) crash(p *program, function string, input any) {
	c.t.Helper()
	before := p.server(c.t)
	_, err := c.try("POST", "/api/v1/executions", map[string]any{"function_name": function, "input_data": input})
	require.Error(c.t, err)
	require.Eventually(c.t, func() bool { return !alive(before) }, time.Minute, time.Millisecond)
	c.send("GET", "/livez", nil) // the connection waits for the next one
}

// awaits waits for an execution in a state.
func (c *client) awaits(function, status string) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		for _, e := range c.executions()[function] {
			if e["status"] == status {
				return true
			}
		}
		return false
	}, time.Minute, 20*time.Millisecond, "%s is never %s", function, status)
}

func TestRunsOfACrashedServer(t *testing.T) {
	t.Parallel()
	dir, env := testkit.DataDir(t), []string{"DATABASE_URL=" + testkit.DatabaseURL(t), "SECRET_KEY=" + strings.Repeat("k", 40), "CENSUS_JWT_SECRET=" + jwtSecret}
	p := start(t, dir, env...)
	culprit, bystander := p.client(t, "culprit"), p.client(t, "bystander")
	culprit.define("crasher", crashing("crasher"))
	culprit.define("outer", "def outer(input):\n    return crasher(input)\n")
	require.Equal(t, "1", culprit.result("outer", 0))
	const blocks = "import time\ndef %s(input):\n    maestro.context().attempt > 1 or time.sleep(100)\n    return 7\n"
	bystander.define("blocks", "import maestro\n"+fmt.Sprintf(blocks, "blocks"))
	bystander.define("queued", "import maestro\n"+fmt.Sprintf(blocks, "queued"), "retry", map[string]any{"max_attempts": 2, "backoff_seconds": 0})
	bystander.define("once", "import maestro\n"+fmt.Sprintf(blocks, "once"))
	go func() { _, _ = bystander.try("POST", "/api/v1/executions", map[string]any{"function_name": "blocks"}) }()
	for _, name := range []string{"queued", "once"} {
		accepted := bystander.send("POST", "/api/v1/executions", map[string]any{"function_name": name, "mode": "async"})
		require.Equal(t, http.StatusAccepted, accepted.status, "%s", accepted.body)
	}
	for _, name := range []string{"blocks", "queued", "once"} {
		bystander.awaits(name, "running")
	}
	before := time.Now()
	culprit.crash(p, "outer", 1)
	require.Contains(t, p.said(), "maestro: the server dies of SIGBUS")
	require.Contains(t, p.said(), `signal="7 (bus error)"`)
	require.NotContains(t, p.said(), "goroutine ", "Go's own report is of no use")
	crashed := culprit.executions()["outer"]
	require.Len(t, crashed, 2)
	run := crashed[0]
	require.Equal(t, "crashed", run["status"])
	require.Equal(t, "ProcessCrashed", run["error_type"])
	require.Regexp(t, `^the code of this execution ended the server's process: SIGBUS at address 0x[0-9a-f]+, in the code of crasher$`, run["error"])
	require.Contains(t, run["traceback"], "  File \"<outer v1>\", line 2, in outer\n  File \"<crasher v1>\", line 12, in crasher\nProcessCrashed: SIGBUS at address 0x")
	require.EqualValues(t, 1, run["function_version"])
	require.Equal(t, "manual", run["trigger_type"])
	require.Equal(t, false, run["record_complete"])
	for _, member := range []string{"created_at", "started_at", "completed_at"} {
		at, err := time.Parse(time.RFC3339Nano, run[member].(string))
		require.NoError(t, err)
		require.WithinRange(t, at, before.Add(-time.Second), time.Now())
	}
	require.Regexp(t, `tenant=culprit cause="SIGBUS at address 0x[0-9a-f]+" function=crasher version=1 execution_id=`+run["id"].(string)+" outer_function=outer", p.said())

	for _, name := range []string{"blocks", "once"} {
		runs := bystander.executions()[name]
		require.Len(t, runs, 1)
		require.Equal(t, "crashed", runs[0]["status"], name)
		require.Equal(t, "Crashed", runs[0]["error_type"])
		text, err := json.Marshal(runs[0])
		require.NoError(t, err)
		require.Contains(t, string(text), "the code of another execution")
		require.NotContains(t, string(text), "crasher")
	}
	bystander.awaits("queued", "completed")
	require.EqualValues(t, 2, bystander.executions()["queued"][0]["attempt"])
}

// A function that ends the server again and again is quarantined, and others are
// not, until it is released.
func TestQuarantineAfterThreeCrashes(t *testing.T) {
	t.Parallel()
	dir, env := testkit.DataDir(t), []string{"DATABASE_URL=" + testkit.DatabaseURL(t), "SECRET_KEY=" + strings.Repeat("k", 40), "CENSUS_JWT_SECRET=" + jwtSecret}
	p := start(t, dir, env...)
	c := p.client(t, "acme")
	c.define("crasher", crashing("crasher"))
	c.define("outer", "def outer(input):\n    return crasher(input)\n")
	c.define("echo", "def echo(input):\n    return input\n")
	for range 3 {
		require.Equal(t, "1", c.result("crasher", 0))
		c.crash(p, "outer", 1)
	}
	refused := c.call("crasher", 0)
	require.Equal(t, http.StatusServiceUnavailable, refused.status, "%s", refused.body)
	require.Contains(t, string(refused.body), "Its code ended the process that ran it 3 times within ten minutes, the last time by SIGBUS at address 0x")
	require.Contains(t, string(c.call("outer", 0).body), "the function crasher is quarantined")
	schedule := c.send("POST", "/api/v1/schedules", map[string]any{"name": "s", "function_name": "crasher", "cron_expression": "@hourly"}).json(t)["id"].(string)
	refused = c.send("POST", "/api/v1/schedules/"+schedule+"/run", nil)
	require.Equal(t, http.StatusServiceUnavailable, refused.status, "%s", refused.body)
	require.Contains(t, string(refused.body), `"code":"quarantined"`)
	require.Equal(t, "7", c.result("echo", 7))
	checks := c.send("GET", "/health", nil).json(t)["checks"].(map[string]any)
	require.EqualValues(t, 1, checks["quarantine"].(map[string]any)["counts"].(map[string]any)["functions"])
	require.Contains(t, p.said(), "a function is quarantined")

	require.Equal(t, http.StatusOK, c.send("POST", "/api/v1/functions/crasher/release", nil).status)
	require.Equal(t, "1", c.result("outer", 0))
	c.crash(p, "outer", 1)
	require.Equal(t, "1", c.result("outer", 0), "it counts anew")
}

// Under load, of each crash every run in progress has its end in the record: the
// culprit's with the stack, those that had an answer with that.
func TestCulpritsUnderLoad(t *testing.T) {
	t.Parallel()
	number, life := crashes(t)
	p := start(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret, "LOG_LEVEL=error")
	c, culprit := p.client(t, "acme"), p.client(t, "culprit")
	c.define("order", "def order(input):\n    return input\n")
	require.Equal(t, http.StatusCreated, c.send("POST", "/api/v1/webhooks", map[string]any{"path": "order", "function_name": "order", "input_mode": "body"}).status)
	culprit.define("crasher", crashing("crasher"))
	s := &storm{url: p.url, token: c.token, over: make(chan struct{}), answered: map[string]string{}, accepted: map[string]bool{}}
	for range 16 {
		s.clients.Go(s.call)
	}
	faults := 0
	for i := range number {
		require.Equal(t, http.StatusOK, culprit.send("POST", "/api/v1/functions/crasher/release", nil).status)
		require.Equal(t, "1", culprit.result("crasher", 0))
		before := s.answers()
		require.Eventually(t, func() bool { return s.answers() > before+100 }, time.Minute, time.Millisecond)
		time.Sleep(life)
		if i%2 == 0 {
			s.causeCrash(t, p, syscall.SIGKILL)
			continue
		}
		faults++
		s.causeEnd(t, p, "a fault of a function", func(int) {
			_, err := culprit.try("POST", "/api/v1/executions", map[string]any{"function_name": "crasher", "input_data": 1})
			require.Error(t, err)
		})
	}
	close(s.over)
	s.clients.Wait()
	require.Zero(t, s.refused, "refused connections")
	require.Empty(t, s.faults)
	rows, err := embeddedDatabase(t, p.dir).Pool().Query(t.Context(), "SELECT id::text, function_name, function_version, status, COALESCE(error_type, ''), COALESCE(error, ''), COALESCE(traceback, '') FROM executions")
	require.NoError(t, err)
	states, named, cut := map[string]string{}, 0, 0
	for rows.Next() {
		var id, function, status, kind, message, traceback string
		var version int
		require.NoError(t, rows.Scan(&id, &function, &version, &status, &kind, &message, &traceback))
		states[id] = status
		require.Contains(t, []string{"completed", "crashed"}, status)
		require.Equal(t, 1, version)
		switch {
		case status == "completed":
		case function == "crasher":
			named++
			require.Equal(t, "ProcessCrashed", kind)
			require.Contains(t, message, "SIGBUS at address 0x")
			require.Contains(t, traceback, `File "<crasher v1>", line 12, in crasher`)
		default:
			cut++
			require.Equal(t, "Crashed", kind)
			require.NotContains(t, message, "crasher")
			require.Empty(t, traceback)
		}
	}
	require.NoError(t, rows.Err())
	require.Equal(t, faults, named)
	require.LessOrEqual(t, cut, s.cut, "a crashed run has had no answer")
	for id, n := range s.answered {
		require.Equal(t, "completed", states[id], "call %s was answered", n)
	}
	t.Logf("%d crashes: %d calls answered, %d cut, of which %d had begun and had no record", number, len(s.answered), s.cut, cut)
}
