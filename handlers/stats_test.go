package handlers_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

type counts struct {
	Completed, Failed, Cancelled, Crashed int
	TimedOut                              int `json:"timed_out"`
}

type statsAnswer struct {
	From, To time.Time
	Step     int       `json:"step_seconds"`
	Complete time.Time `json:"complete_until"`
	Runs     counts
	P50      *float64 `json:"p50_ms"`
	Points   []struct {
		At      time.Time
		Runs    counts
		P99     *float64 `json:"p99_ms"`
		Latency []struct {
			Least float64 `json:"least_ms"`
			Runs  int
		}
	}
}

func read[T any](f *fixture, a ask) (out T) {
	f.t.Helper()
	a.status = 200
	require.NoError(f.t, json.Unmarshal([]byte(f.must(a).text), &out))
	return out
}

// stored writes an ended execution.
func (f *fixture) stored(tenant, function string, at time.Time, status model.Status, took time.Duration) {
	f.t.Helper()
	at = at.UTC().Truncate(time.Microsecond)
	e := model.Execution{ID: model.NewIDAt(at), Tenant: tenant, FunctionName: function, FunctionVersion: 1, Trigger: model.TriggerManual,
		Status: status, CreatedAt: at, StartedAt: at, CompletedAt: at.Add(took), Duration: took, Attempt: 1}
	require.NoError(f.t, f.db.CopyRecords(f.t.Context(), []*model.Record{{Execution: e}}, "server"))
}

// sum adds ended executions to the sums.
func (f *fixture) sum() {
	f.t.Helper()
	for upto := time.Now().Add(time.Second); ; {
		done, err := f.db.SumSlice(f.t.Context(), upto, 24*time.Hour)
		require.NoError(f.t, err)
		if !done.To.Before(upto) {
			break
		}
	}
	_, _, err := f.db.SumNoted(f.t.Context(), model.ID{}, 1000)
	require.NoError(f.t, err)
}

// Executions are counted whether they are in the sums or not, and those of other
// subtenants never.
func TestFiguresOfExecutions(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.must(ask{call: "GET /api/v1/me", status: 200})
	_, err := f.db.Pool().Exec(t.Context(), "UPDATE sum_state SET summed_to = now() - interval '10 minutes'")
	require.NoError(t, err)
	now := time.Now()
	for range 98 {
		f.stored("default", "quick", now.Add(-2*time.Second), model.StatusCompleted, time.Millisecond)
	}
	f.stored("default", "quick", now.Add(-time.Second), model.StatusFailed, 900*time.Millisecond)
	f.stored("default", "quick", now.Add(-time.Second), model.StatusTimedOut, 900*time.Millisecond)
	f.stored("default", "slow", now.Add(-time.Second), model.StatusCancelled, time.Hour)
	f.stored("other", "quick", now.Add(-time.Second), model.StatusCompleted, time.Millisecond)
	for _, when := range []string{"before", "after"} {
		got := read[statsAnswer](f, ask{call: "GET /api/v1/stats"})
		require.Equal(t, counts{Completed: 98, Failed: 1, TimedOut: 1, Cancelled: 1}, got.Runs, when)
		require.Equal(t, 60, got.Step)
		require.InDelta(t, 61, len(got.Points), 1)
		require.InDelta(t, 1, *got.P50, 0.5)
		var all, timed int
		for i, p := range got.Points {
			require.Equal(t, got.From.Add(time.Duration(i)*time.Minute), p.At)
			all += p.Runs.Completed + p.Runs.Failed + p.Runs.TimedOut + p.Runs.Cancelled
			for _, l := range p.Latency {
				timed += l.Runs
			}
			if p.Runs.Completed == 98 && p.Runs.Failed == 1 {
				require.InDelta(t, 900, *p.P99, 300)
			}
		}
		require.Equal(t, []int{101, 100}, []int{all, timed}, "a cancelled run has no latency")

		require.Equal(t, counts{Cancelled: 1}, read[statsAnswer](f, ask{call: "GET /api/v1/stats?function_name=slow"}).Runs)
		long := read[statsAnswer](f, ask{call: "GET /api/v1/stats?from=-7d"})
		require.Equal(t, got.Runs, long.Runs)
		require.Equal(t, 7200, long.Step)
		require.Equal(t, got.Runs, read[statsAnswer](f, ask{call: "GET /api/v1/stats?from=-3h&step=300"}).Runs)

		functions := read[struct {
			Functions []struct {
				Name    string `json:"function_name"`
				Runs    counts
				Rate    float64  `json:"failure_rate"`
				P99     *float64 `json:"p99_ms"`
				Last    *string  `json:"last_execution_id"`
				Failure *string  `json:"last_failure_at"`
			}
		}](f, ask{call: "GET /api/v1/stats/functions?from=-24h"}).Functions
		require.Len(t, functions, 2)
		require.Equal(t, "quick", functions[0].Name)
		require.Equal(t, counts{Completed: 98, Failed: 1, TimedOut: 1}, functions[0].Runs)
		require.InDelta(t, 0.02, functions[0].Rate, 1e-9)
		require.Nil(t, functions[1].P99)
		require.Equal(t, when == "after", functions[0].Last != nil)
		require.Nil(t, functions[1].Failure)

		require.Equal(t, counts{Completed: 1}, read[statsAnswer](f, ask{call: "GET /api/v1/stats", token: f.mint("other", false)}).Runs)
		f.sum()
	}
}

func TestSpansOfFigures(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, path := range []string{"/api/v1/stats", "/api/v1/stats/functions", "/api/v1/graph"} {
		for query, status := range map[string]int{
			"": 200, "?from=-10m&to=-5m": 200, "?from=-30d": 200, "?from=-1h&to=2999-01-01": 200,
			"?from=-5m&to=-10m": 422, "?from=-30d&to=-20d": 422, "?from=2999-01-01": 422, "?from=yesterday": 422, "?since=-1h": 422, "?from=": 422,
		} {
			f.must(ask{name: query, call: "GET " + path + query, status: status})
		}
	}
	for query, status := range map[string]int{
		"?step=60&from=-6h": 200, "?step=90": 422, "?step=59": 422, "?step=60&from=-24h": 422, "?step=3600&from=-7d": 200, "?step=604800&from=-7d": 200, "?function_name=%00": 400, "?function_name=missing": 200,
	} {
		f.must(ask{name: query, call: "GET /api/v1/stats" + query, status: status})
	}
}

type graphAnswer struct {
	Nodes []struct {
		ID, Kind, Name string
		Gone           bool
		Calls          int
	}
	Edges []struct {
		From, To        string
		Spawned         bool
		Calls, Failures int
		P50             *float64 `json:"p50_ms"`
	}
}

func TestGraphOfCalls(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("inner", "def inner(input):\n    if input == 2:\n        raise ValueError('<b>')\n    return input")
	f.function("middle", "def middle(input):\n    try:\n        return inner(input)\n    except ValueError:\n        return None")
	f.function("outer", "import maestro\ndef outer(input):\n    for i in range(3):\n        middle(i)\n    inner(0)\n    maestro.spawn('inner', 1)\n    return 1")
	hook := f.webhook(`{"path":"start/me","function_name":"outer"}`)
	f.must(ask{call: "POST /api/v1/h/start/me", token: "-", status: 200})
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"outer"}`, status: 200})
	require.NoError(t, f.queue.Start(t.Context()))
	require.Eventually(t, func() bool {
		f.sum()
		var n int
		require.NoError(t, f.db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM unsummed_runs").Scan(&n))
		return n == 0
	}, 20*time.Second, 10*time.Millisecond)

	edges := func(query string) map[string][2]int {
		found := map[string][2]int{}
		for _, e := range read[graphAnswer](f, ask{call: "GET /api/v1/graph" + query}).Edges {
			found[e.From+" > "+e.To+map[bool]string{true: " spawned"}[e.Spawned]] = [2]int{e.Calls, e.Failures}
		}
		return found
	}
	want := map[string][2]int{
		"webhook:" + hook + " > function:outer": {1, 0}, "manual: > function:outer": {1, 0},
		"function:outer > function:middle": {6, 0}, "function:middle > function:inner": {6, 2},
		"function:outer > function:inner": {2, 0}, "function:outer > function:inner spawned": {2, 0},
	}
	require.Equal(t, want, edges(""))
	require.Equal(t, want, edges("?from=-24h"))
	require.Equal(t, map[string][2]int{"function:outer > function:middle": {6, 0}, "function:middle > function:inner": {6, 2}}, edges("?function_name=middle"))
	require.Empty(t, edges("?from=-3h&to=-2h"))
	require.Empty(t, read[graphAnswer](f, ask{call: "GET /api/v1/graph", token: f.mint("other", false)}).Edges)

	f.must(ask{call: "DELETE /api/v1/functions/middle", status: 204})
	names := map[string]bool{}
	for _, n := range read[graphAnswer](f, ask{call: "GET /api/v1/graph"}).Nodes {
		names[n.Kind+" "+n.Name] = n.Gone
	}
	require.Equal(t, map[string]bool{"function inner": false, "function middle": true, "function outer": false, "manual ": false, "webhook POST start/me": false}, names)
}
