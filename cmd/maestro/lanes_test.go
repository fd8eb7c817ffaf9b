package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// inBothLanes runs a test for a fresh subtenant of each lane: what it sees is the same.
func inBothLanes(t *testing.T, test func(t *testing.T, c *client)) {
	t.Helper()
	t.Parallel()
	for _, lane := range []model.LaneName{model.LaneEmbedded, model.LaneProcess} {
		t.Run(string(lane), func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			require.Equal(t, http.StatusOK, c.send("GET", "/api/v1/functions", nil).status) // it makes the subtenant
			r := shared.p.administrator(t).send("PUT", "/api/v1/subtenants/"+c.tenant, map[string]any{"lane": lane})
			require.Equal(t, http.StatusOK, r.status, "%s", r.body)
			test(t, c)
			executions := c.send("GET", "/api/v1/executions?limit=1", nil)
			if string(executions.body) != "[]\n" {
				require.Contains(t, string(executions.body), `"lane":"`+string(lane)+`"`)
			}
		})
	}
}

func TestRunsOfBothLanes(t *testing.T) {
	inBothLanes(t, func(t *testing.T, c *client) {
		c.define("double", "def double(x: int) -> int:\n    print('doubling', x)\n    return 2 * x\n")
		c.define("later", "import maestro\ndef later(x):\n    return [maestro.context().trigger_type, x]\n")
		c.define("f", `
import maestro
def f(x):
    maestro.log.info("begun", x=x)
    try:
        double("a")
    except ValueError as error:
        kind = type(error).__name__
    return {"sum": double(x) + double(x + 1), "kind": kind, "secret": maestro.secret("API_KEY"), "later": str(maestro.spawn("later", x))}
`)
		require.Equal(t, http.StatusNoContent, c.send("PUT", "/api/v1/secrets/API_KEY", map[string]string{"value": "a-long-secret"}).status)
		r := c.call("f", 20)
		require.Equal(t, http.StatusOK, r.status, "%s", r.body)
		result := r.json(t)["result"].(map[string]any)
		require.EqualValues(t, 82, result["sum"])
		require.Equal(t, "InputInvalid", result["kind"])
		require.Equal(t, "a-long-secret", result["secret"])

		id := r.json(t)["execution_id"].(string)
		steps := string(c.send("GET", "/api/v1/executions/"+id+"/steps", nil).body)
		require.Contains(t, steps, `"error_type":"InputInvalid"`)
		require.Contains(t, steps, `"output_data":42`)
		logs := string(c.send("GET", "/api/v1/executions/"+id+"/logs", nil).body)
		for _, part := range []string{"doubling 20", "doubling 21", "begun", "function_called", "execution_completed"} {
			require.Contains(t, logs, part)
		}
		require.NotContains(t, string(c.send("GET", "/api/v1/executions/"+id, nil).body), "a-long-secret")
		spawned := result["later"].(string)
		require.Contains(t, string(c.send("GET", "/api/v1/executions/"+spawned+"/logs/stream", nil).body), "execution_completed") // ends with it
		require.Contains(t, string(c.send("GET", "/api/v1/executions/"+spawned, nil).body), `"output_data":["spawn",20]`)
	})
}

func TestCancelInBothLanes(t *testing.T) {
	inBothLanes(t, func(t *testing.T, c *client) {
		c.define("sleeps", "import time\ndef sleeps(x):\n    print('asleep')\n    time.sleep(60)\n")
		r := c.send("POST", "/api/v1/executions", map[string]any{"function_name": "sleeps", "mode": "async"})
		require.Equal(t, http.StatusAccepted, r.status, "%s", r.body)
		id := r.json(t)["execution_id"].(string)
		status := func() any { return c.send("GET", "/api/v1/executions/"+id, nil).json(t)["status"] }
		require.Eventually(t, func() bool { return status() == "running" }, soon, 10*time.Millisecond)
		require.Contains(t, []int{http.StatusAccepted, http.StatusOK}, c.send("POST", "/api/v1/executions/"+id+"/cancel", nil).status)
		require.Eventually(t, func() bool { return status() == "cancelled" }, soon, 10*time.Millisecond)
	})
}

func TestRetryInBothLanes(t *testing.T) {
	inBothLanes(t, func(t *testing.T, c *client) {
		c.define("flaky", "import maestro\ndef flaky(x):\n    if maestro.context().attempt < 3:\n        raise ConnectionError('again')\n    return maestro.context().attempt\n",
			"retry", map[string]any{"max_attempts": 5, "backoff_seconds": 0.01})
		r := c.send("POST", "/api/v1/executions", map[string]any{"function_name": "flaky", "mode": "async"})
		id := r.json(t)["execution_id"].(string)
		require.Eventually(t, func() bool {
			e := c.send("GET", "/api/v1/executions/"+id, nil).json(t)
			return e["status"] == "completed" && e["output_data"] == float64(3)
		}, soon, 10*time.Millisecond)
	})
}

func TestInterpreterInBothLanes(t *testing.T) {
	inBothLanes(t, func(t *testing.T, c *client) {
		c.define("f", "import os\ncalls = 0\ndef f(x):\n    global calls\n    calls += 1\n    return calls\n")
		require.Equal(t, "1", c.result("f", nil))
		require.Equal(t, "2", c.result("f", nil))
		admin, path := shared.p.administrator(t), "/api/v1/subtenants/"+c.tenant+"/interpreter"
		status := admin.send("GET", path, nil).json(t)
		require.Equal(t, "serving", status["state"])
		count := 0
		if strings.HasSuffix(t.Name(), "/process") {
			count = 1
		}
		require.Len(t, status["processes"], count)
		require.Equal(t, http.StatusOK, admin.send("DELETE", path, nil).status)
		require.Equal(t, "1", c.result("f", nil), "its modules are imported anew")
	})
}

// A process of the process lane is forked from one that has imported what its functions import of
// the standard library: its first call need not.
func TestModulesThatAreImportedAhead(t *testing.T) {
	inBothLanes(t, func(t *testing.T, c *client) {
		c.define("f", `
import sys
def f(x):
    if x:
        import decimal, email, xml, this
    return [name in sys.modules for name in ("decimal", "email.parser", "xml.etree.ElementTree", "this")]
`)
		lane := c.send("GET", "/api/v1/executions/"+c.call("f", 0).json(t)["execution_id"].(string), nil).json(t)["lane"]
		require.JSONEq(t, fmt.Sprintf("[%[1]t, %[1]t, %[1]t, false]", lane == string(model.LaneProcess)), c.result("f", 0))
	})
}
