package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The example's schedule, run by hand: through the queue to Python and back
// into the schedule.
func TestScheduleRuns(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.loadExamples()
	var all []map[string]any
	require.NoError(t, json.Unmarshal(c.send("GET", "/api/v1/schedules", nil).body, &all))
	require.Len(t, all, 1)
	require.Equal(t, "daily-invoice-report", all[0]["name"])
	require.NotNil(t, all[0]["next_run"])
	address := "/api/v1/schedules/" + all[0]["id"].(string)

	r := c.send("POST", address+"/run", nil)
	require.Equal(t, http.StatusAccepted, r.status, "%s", r.body)
	started := r.json(t)
	require.Equal(t, "pending", started["status"])
	location := r.header.Get("Location")
	require.Equal(t, "/api/v1/executions/"+started["execution_id"].(string), location)

	var execution map[string]any
	require.Eventually(t, func() bool {
		execution = c.send("GET", location, nil).json(t)
		return execution["status"] != "pending" && execution["status"] != "running"
	}, 30*time.Second, 20*time.Millisecond)
	require.Equal(t, "completed", execution["status"], "%v", execution)
	require.Equal(t, "schedule", execution["trigger_type"])
	require.Equal(t, all[0]["id"], execution["trigger_id"])
	report := execution["output_data"].(map[string]any)
	require.Equal(t, []any{"INV-2026-1001", "FM-88213"}, report["invoices"])
	require.Empty(t, report["unreadable"])
	require.Equal(t, map[string]any{"EUR": 9445.5, "USD": 936.0}, report["totals"])

	after := c.send("GET", address, nil).json(t)
	require.Equal(t, "completed", after["last_status"])
	require.Equal(t, started["execution_id"], after["last_execution_id"])
	require.Equal(t, all[0]["next_run"], after["next_run"])

	status := c.send("GET", "/scheduler/status", nil).json(t)
	require.Equal(t, "running", status["status"])
	require.EqualValues(t, 1, status["total_jobs"])
}

// A schedule's own retry policy is followed instead of its function's.
func TestScheduleHasItsOwnRetryPolicy(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.define("flaky", `import maestro
def flaky(input):
    attempt = maestro.context().attempt
    if attempt < 3:
        raise ConnectionResetError(attempt)
    return attempt
`, "retry", map[string]any{"max_attempts": 2, "backoff_seconds": 0})
	own := map[string]any{"max_attempts": 3, "backoff_seconds": 0.01, "on": []string{"ConnectionError"}}
	other := map[string]any{"max_attempts": 3, "backoff_seconds": 0, "on": []string{"KeyError"}}
	for name, k := range map[string]struct {
		policy  any
		status  string
		attempt float64
	}{
		"own": {own, "completed", 3}, "other": {other, "failed", 1}, "none": {nil, "failed", 2},
	} {
		made := c.send("POST", "/api/v1/schedules", map[string]any{"name": name, "function_name": "flaky", "cron_expression": "@yearly", "retry": k.policy})
		require.Equal(t, http.StatusCreated, made.status, "%s", made.body)
		address := "/api/v1/schedules/" + made.json(t)["id"].(string)
		started := c.send("POST", address+"/run", nil)
		require.Equal(t, http.StatusAccepted, started.status, "%s", started.body)
		require.Eventually(t, func() bool { return c.send("GET", address, nil).json(t)["last_status"] == k.status }, 30*time.Second, 20*time.Millisecond, name)
		execution := c.send("GET", started.header.Get("Location"), nil).json(t)
		require.Equal(t, k.status, execution["status"], name)
		require.Equal(t, k.attempt, execution["attempt"], name)
	}
}
