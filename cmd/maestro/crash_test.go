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
	"maestro/internal/testkit/crashmodule"
)

// crashing is the code of a function that ends the process if its input says so.
func crashing(folder, name string) string {
	return fmt.Sprintf(`import sys
sys.path.append(%q)
import crashes
sys.path.pop()

def %s(input):
    return crashes.null() if input else 1
`, folder, name)
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

// dies waits for the end of the program by a signal.
func (p *program) dies(t *testing.T, signal syscall.Signal) {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		require.Fail(t, "the server lives", p.said())
	}
	status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, status.Signaled(), "%v\n%s", p.cmd.ProcessState, p.said())
	require.Equal(t, signal, status.Signal())
}

// reports whether an execution is there in a state.
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
	p := launch(t, dir, env...)
	culprit, bystander := p.client(t, "culprit"), p.client(t, "bystander")
	culprit.define("crasher", crashing(crashmodule.Build(t), "crasher"))
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
	_, err := culprit.try("POST", "/api/v1/executions", map[string]any{"function_name": "outer", "input_data": 1})
	require.Error(t, err)
	p.dies(t, syscall.SIGSEGV)
	require.Contains(t, p.said(), "maestro: the server dies of SIGSEGV")
	require.NotContains(t, p.said(), "goroutine ", "Go's own report is of no use")

	p = start(t, dir, env...)
	culprit, bystander = p.client(t, "culprit"), p.client(t, "bystander")
	crashed := culprit.executions()["outer"]
	require.Len(t, crashed, 2)
	run := crashed[0]
	require.Equal(t, "crashed", run["status"])
	require.Equal(t, "ProcessCrashed", run["error_type"])
	require.Contains(t, run["error"], "SIGSEGV at address 0x0, in the code of crasher")
	require.Contains(t, run["traceback"], "  File \"<outer v1>\", line 2, in outer\n  File \"<crasher v1>\", line 7, in crasher\nProcessCrashed: SIGSEGV at address 0x0\n")
	require.EqualValues(t, 1, run["function_version"])
	require.Equal(t, "manual", run["trigger_type"])
	require.Equal(t, false, run["record_complete"])
	for _, member := range []string{"created_at", "started_at", "completed_at"} {
		at, err := time.Parse(time.RFC3339Nano, run[member].(string))
		require.NoError(t, err)
		require.WithinRange(t, at, before.Add(-time.Second), time.Now())
	}
	require.Contains(t, p.said(), `tenant=culprit cause="SIGSEGV at address 0x0" function=crasher version=1 execution_id=`+run["id"].(string)+" outer_function=outer")

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
