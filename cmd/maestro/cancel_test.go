package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A run that always fails and is retried at once can be cancelled in each of
// its states: running on either server, or waiting.
func TestCancelBetweenAttempts(t *testing.T) {
	t.Parallel()
	one, two := twoServers(t, "CENSUS_JWT_SECRET="+jwtSecret)
	servers := []*client{one.client(t, "acme"), two.client(t, "acme")}
	servers[0].define("fails", "import time\ndef fails(input):\n    time.sleep(0.01)\n    raise ConnectionError('again')\n",
		"retry", map[string]any{"max_attempts": 100, "backoff_seconds": 0.02, "max_backoff_seconds": 0.05})
	var ids []string
	for range 40 {
		r := servers[0].send("POST", "/api/v1/executions", map[string]any{"function_name": "fails", "mode": "async"})
		require.Equal(t, http.StatusAccepted, r.status, "%s", r.body)
		ids = append(ids, r.json(t)["execution_id"].(string))
	}
	for i, id := range ids {
		r := servers[i%2].send("POST", "/api/v1/executions/"+id+"/cancel", nil)
		require.Contains(t, []int{http.StatusAccepted, http.StatusOK}, r.status, "%s", r.body)
	}
	for i, id := range ids {
		var last reply
		require.Eventually(t, func() bool {
			last = servers[i%2].send("GET", "/api/v1/executions/"+id, nil)
			return last.json(t)["status"] == "cancelled"
		}, soon, 20*time.Millisecond, "%s: %s", id, last.body)
	}
}
