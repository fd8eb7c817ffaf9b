package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// scrape reads the metrics of a server as Prometheus does.
func scrape(t *testing.T, c *client, token string) map[string]*dto.MetricFamily {
	t.Helper()
	r := (&client{t: t, url: c.url, token: token}).send("GET", "/metrics", nil)
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(r.body))
	require.NoError(t, err)
	return families
}

// seriesOf are the values of a metric by the values of its labels, sorted by the
// names of these; of a histogram the number of observations.
func seriesOf(family *dto.MetricFamily) map[string]float64 {
	all := map[string]float64{}
	for _, metric := range family.GetMetric() {
		var labels []string
		for _, pair := range metric.GetLabel() {
			labels = append(labels, pair.GetValue())
		}
		value := metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
		if value != 0 {
			all[strings.Join(labels, " ")] = value
		}
	}
	return all
}

// TestMetricsOfARealServer: the counts are those of the calls, exactly, by the time
// that the callers have their answers.
func TestMetricsOfARealServer(t *testing.T) {
	t.Parallel()
	const token = "a token of Prometheus"
	p := start(t, t.TempDir(), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+jwtSecret, "CENSUS_JWT_SECRET="+jwtSecret, "METRICS_TOKEN="+token, "METRICS_LABEL_SUBTENANTS=acme", "METRICS_LABEL_FUNCTIONS=o")
	acme, initech := p.client(t, "acme"), p.client(t, "initech")
	for _, c := range []*client{acme, initech} {
		c.define("inner", "def inner(input):\n    if input.get('fail'):\n        raise ValueError('no')\n    return 1")
		c.define("outer", "def outer(input):\n    try:\n        return [inner({}), inner({'fail': True})]\n    except ValueError:\n        return 2")
	}
	require.Equal(t, http.StatusUnauthorized, acme.send("GET", "/metrics", nil).status)
	before := scrape(t, acme, token)
	require.Empty(t, seriesOf(before["maestro_executions_total"]))

	const callers, rounds = 8, 5
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			c := []*client{acme, initech}[i%2]
			for range rounds {
				if r, err := c.try("POST", "/api/v1/executions", map[string]any{"function_name": "outer", "input_data": map[string]any{}}); err != nil || r.status != http.StatusOK {
					t.Errorf("%v %d %s", err, r.status, r.body)
				}
				if r, err := c.try("POST", "/api/v1/executions", map[string]any{"function_name": "inner", "input_data": map[string]any{"fail": true}}); err != nil || r.status != http.StatusInternalServerError {
					t.Errorf("%v %d %s", err, r.status, r.body)
				}
			}
		})
	}
	all.Wait()
	const n = callers * rounds
	after := scrape(t, acme, token)
	require.Equal(t, map[string]float64{"completed manual": n, "failed manual": n}, seriesOf(after["maestro_executions_total"]))
	require.Equal(t, map[string]float64{"manual": 2 * n}, seriesOf(after["maestro_execution_duration_seconds"]))
	require.Equal(t, map[string]float64{"completed": n, "failed": n}, seriesOf(after["maestro_execution_steps_total"]))
	require.Equal(t, map[string]float64{"outer completed acme": n / 2, "outer completed other": n / 2, "other failed acme": n / 2, "other failed other": n / 2},
		seriesOf(after["maestro_function_executions_total"]))
	requests := seriesOf(after["maestro_http_requests_total"])
	require.Equal(t, float64(n), requests["POST /api/v1/executions 2xx"])
	require.Equal(t, float64(n), requests["POST /api/v1/executions 5xx"])
	require.Equal(t, 4.0, requests["POST /api/v1/functions 2xx"])
	require.Equal(t, float64(2*n), seriesOf(after["maestro_recorder_records_total"])[""])
	require.Equal(t, 1.0, seriesOf(after["maestro_ready"])[""])
	require.Equal(t, 1.0, seriesOf(after["maestro_servers"])[""])
	require.Equal(t, 1.0, seriesOf(after["maestro_postgres_up"])[""])
	require.Equal(t, 2.0, seriesOf(after["maestro_python_interpreters"])["serving"])
	require.NotEmpty(t, after["maestro_build_info"])

	// An asynchronous run, retried once.
	acme.define("flaky", "import maestro\ndef flaky(input):\n    if maestro.context()['attempt'] == 1:\n        raise ValueError('no')\n    return 1",
		"retry", map[string]any{"max_attempts": 2, "backoff_seconds": 0.01})
	r := acme.send("POST", "/api/v1/executions", map[string]any{"function_name": "flaky", "mode": "async", "input_data": map[string]any{}})
	require.Equal(t, http.StatusAccepted, r.status, "%s", r.body)
	// The stream of its log ends with it.
	acme.send("GET", "/api/v1/executions/"+r.json(t)["execution_id"].(string)+"/logs/stream", nil)
	after = scrape(t, acme, token)
	require.Equal(t, map[string]float64{"completed manual": n + 1, "failed manual": n}, seriesOf(after["maestro_executions_total"]))
	require.Equal(t, map[string]float64{"manual": 1}, seriesOf(after["maestro_execution_retries_total"]))
	require.Equal(t, map[string]float64{"manual": 1}, seriesOf(after["maestro_queue_accepted_total"]))
	require.Equal(t, map[string]float64{"manual": 2}, seriesOf(after["maestro_queue_wait_seconds"]))

	r = (&client{t: t, url: p.url, token: token}).send("GET", "/metrics", nil)
	problems, err := promlint.New(bytes.NewReader(r.body)).Lint()
	require.NoError(t, err)
	for _, problem := range problems {
		require.NotRegexp(t, "^maestro_", problem.Metric, problem.Text)
	}
}

// TestMetricsOfAKilledServer: the runs that a server leaves when it is killed are counted
// by the one that settles them, each once.
func TestMetricsOfAKilledServer(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.DataDir(t), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+jwtSecret, "CENSUS_JWT_SECRET="+jwtSecret, "METRICS_LABEL_SUBTENANTS=acme", "METRICS_LABEL_FUNCTIONS=*")
	acme := p.client(t, "acme")
	const blocks = "import maestro\nimport time\ndef %s(input):\n    maestro.context().attempt > 1 or time.sleep(100)\n    return 7\n"
	for name, settings := range map[string][]any{"waited_for": nil, "once": nil, "repeated": {"retry", map[string]any{"max_attempts": 2, "backoff_seconds": 0}}} {
		acme.define(name, fmt.Sprintf(blocks, name), settings...)
	}
	go func() { _, _ = acme.try("POST", "/api/v1/executions", map[string]any{"function_name": "waited_for"}) }()
	for _, name := range []string{"once", "repeated"} {
		accepted := acme.send("POST", "/api/v1/executions", map[string]any{"function_name": name, "mode": "async"})
		require.Equal(t, http.StatusAccepted, accepted.status, "%s", accepted.body)
	}
	for _, name := range []string{"waited_for", "once", "repeated"} {
		acme.awaits(name, "running")
	}
	before := p.server(t)
	require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
	require.Eventually(t, func() bool { return !alive(before) }, time.Minute, time.Millisecond)
	acme.awaits("repeated", "completed")
	// The stream of its log ends when its end is counted.
	acme.send("GET", "/api/v1/executions/"+acme.executions()["repeated"][0]["id"].(string)+"/logs/stream", nil)

	after := scrape(t, acme, "")
	require.Equal(t, map[string]float64{"crashed manual": 2, "completed manual": 1}, seriesOf(after["maestro_executions_total"]))
	require.Equal(t, map[string]float64{"manual": 1}, seriesOf(after["maestro_execution_retries_total"]))
	require.Equal(t, map[string]float64{"manual": 1}, seriesOf(after["maestro_execution_duration_seconds"]), "a crash has no duration")
	require.Equal(t, map[string]float64{"waited_for crashed acme": 1, "once crashed acme": 1, "repeated completed acme": 1}, seriesOf(after["maestro_function_executions_total"]))
}
