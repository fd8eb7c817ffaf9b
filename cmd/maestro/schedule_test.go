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
