package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// Each call after a change of the lane runs there, and calls in progress are not
// disturbed.
func TestLaneChangesUnderLoad(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret, "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40))
	c, admin := p.client(t, "acme"), p.administrator(t)
	c.define("half", "def half(input):\n    return input / 2\n")
	c.define("work", "import time\ndef work(input):\n    time.sleep(0.01)\n    return half(input)\n")
	stop := make(chan struct{})
	var load sync.WaitGroup
	failed := make(chan reply, 4)
	calls := make(chan int, 4)
	for range 4 {
		load.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					calls <- n
					return
				default:
				}
				r := c.send("POST", "/api/v1/executions", map[string]any{"function_name": "work", "input_data": 4})
				if r.status != http.StatusOK || !strings.Contains(string(r.body), `"result":2`) {
					failed <- r
					return
				}
			}
		})
	}
	for range 5 {
		for _, lane := range []string{"process", "embedded"} {
			admin.want("PUT", "/api/v1/subtenants/acme", map[string]any{"lane": lane}, http.StatusOK)
			r := c.send("POST", "/api/v1/executions", map[string]any{"function_name": "work", "input_data": 4})
			require.Equal(t, http.StatusOK, r.status, "%s", r.body)
			shown := c.send("GET", "/api/v1/executions/"+r.header.Get("X-Execution-ID"), nil).json(t)
			require.Equal(t, lane, shown["lane"])
		}
	}
	close(stop)
	load.Wait()
	select {
	case r := <-failed:
		t.Fatalf("%d %s", r.status, r.body)
	default:
	}
	for range 4 {
		require.Positive(t, <-calls)
	}
}
