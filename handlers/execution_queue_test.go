package handlers_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// becomes waits until an execution has a status, and returns it.
func (f *fixture) becomes(id, status string) answer {
	f.t.Helper()
	var got answer
	require.Eventually(f.t, func() bool {
		got = f.do(ask{call: "GET /api/v1/executions/" + id})
		return got.StatusCode == http.StatusOK && member(f.t, got.text, "status") == status
	}, 20*time.Second, 20*time.Millisecond, status)
	return got
}

func TestAsynchronousRuns(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("double", "def double(input):\n    return input * 2")
	f.function("outer", "def outer(input):\n    return double(input['n'])")
	got := f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"outer","input_data":{"n":21},"mode":"async","priority":1}`, status: 202,
		want: []string{`"status":"pending"`}, lacks: []string{"result", "success"}})
	id := member(t, got.text, "execution_id")
	require.Equal(t, "/api/v1/executions/"+id, got.Header.Get("Location"))
	require.Equal(t, id, got.Header.Get("X-Execution-ID"))
	f.must(ask{call: "GET /api/v1/executions/" + id, status: 200, want: []string{`"status":"pending"`, `"input_data":{"n":21}`, `"started_at":null`, `"duration_ms":null`}})
	require.NoError(t, f.queue.Start(t.Context()))
	done := f.becomes(id, "completed")
	require.Contains(t, done.text, `"output_data":42`)
	require.Contains(t, done.text, `"attempt":1`)
	f.must(ask{call: "GET /api/v1/executions/" + id + "/steps", status: 200, want: []string{`"function_name":"double"`, `"attempt":1`}})

	preferred := f.must(ask{call: "POST /api/v1/executions", header: []string{"Prefer: wait=5, respond-async"}, body: `{"function_name":"double","input_data":4}`, status: 202})
	require.Equal(t, "respond-async", preferred.Header.Get("Preference-Applied"))
	f.becomes(member(t, preferred.text, "execution_id"), "completed")
	f.all([]ask{
		{name: "sync is said", call: "POST /api/v1/executions", header: []string{"Prefer: respond-async"}, body: `{"function_name":"double","input_data":4,"mode":"sync"}`, status: 200},
		{name: "missing function", call: "POST /api/v1/executions", body: `{"function_name":"missing","mode":"async"}`, status: 404, want: []string{"function_not_found"}},
		{name: "digits", call: "POST /api/v1/executions", body: `{"function_name":"double","input_data":1e400,"mode":"async"}`, status: 422},
	})
}

func TestCancelOfWhatWaits(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("wait", "import time\ndef wait(input):\n    time.sleep(60)", `"timeout_seconds":20`)
	submit := func() string {
		return member(t, f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"wait","mode":"async"}`, status: 202}).text, "execution_id")
	}
	queued := submit()
	f.must(ask{call: "POST /api/v1/executions/" + queued + "/cancel", token: f.mint("other", false), status: 404})
	f.must(ask{call: "POST /api/v1/executions/" + queued + "/cancel", status: 202})
	f.becomes(queued, "cancelled")
	f.must(ask{call: "POST /api/v1/executions/" + queued + "/cancel", status: 409})
	require.NoError(t, f.queue.Start(t.Context()))
	running := submit()
	f.becomes(running, "running")
	f.must(ask{call: "POST /api/v1/executions/" + running + "/cancel", status: 202})
	f.becomes(running, "cancelled")
	require.Contains(t, f.do(ask{call: "GET /api/v1/executions/" + queued}).text, `"cancelled"`)
}

func TestRetryOfExecutions(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.queue.Start(t.Context()))
	f.function("picky", "def picky(input):\n    return 1 // input")
	bad := f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"picky","input_data":0}`, status: 500})
	id := bad.Header.Get("X-Execution-ID")
	one := "POST /api/v1/executions/" + id + "/retry"
	again := f.must(ask{call: one, body: `{"from":"start"}`, status: 202, want: []string{`"pending"`}})
	next := member(t, again.text, "execution_id")
	require.NotEqual(t, id, next)
	done := f.becomes(next, "failed")
	for _, want := range []string{`"trigger_type":"retry"`, `"parent_execution_id":"` + id, `"input_data":0`, "ZeroDivisionError"} {
		require.Contains(t, done.text, want)
	}
	f.must(ask{call: one, status: 202})
	f.all([]ask{
		{name: "from failed", call: one, body: `{"from":"failed"}`, status: 501},
		{name: "from elsewhere", call: one, body: `{"from":"middle"}`, status: 422},
		{name: "another subtenant's", call: one, token: f.mint("other", false), status: 404},
		{name: "another subtenant's", call: "POST /api/v1/executions/retry?all=true", token: f.mint("other", false), status: 202, want: []string{`"count":0`}},
		{name: "none failed", call: "POST /api/v1/executions/retry?status=completed", status: 202, want: []string{`"count":0`}},
		{name: "bad filter", call: "POST /api/v1/executions/retry?status=gone", status: 422},
	})
	f.function("picky2", "def picky2(input):\n    raise ValueError(input)")
	for range 2 {
		f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"picky2","input_data":7}`, status: 500})
	}
	f.must(ask{call: "POST /api/v1/executions/retry?function_name=picky2&trigger_type=manual", status: 202, want: []string{`"count":2`}})
	f.must(ask{call: "POST /api/v1/executions/retry?function_name=picky2&trigger_type=manual", status: 202, want: []string{`"count":0`}})
	f.must(ask{call: "POST /api/v1/executions/retry?function_name=picky&trigger_type=manual", status: 202, want: []string{`"count":0`}})
	require.Eventually(t, func() bool {
		var list []json.RawMessage
		got := f.do(ask{call: "GET /api/v1/executions?function_name=picky2&trigger_type=retry&status=failed"})
		return json.Unmarshal([]byte(got.text), &list) == nil && len(list) == 2
	}, 20*time.Second, 20*time.Millisecond)
}

// Each failure is run again once, however many ask for all of them at once; a
// retry that has failed counts as a failure of its own, what it retried does
// not any more.
func TestBulkRetryOfMany(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("f", "def f(input):\n    raise ValueError(input)")
	f.function("cut", "def cut(input):\n    return 1")
	const failures = 1300
	insert := `INSERT INTO executions (id, tenant, function_name, function_version, trigger_type, status, input_data, created_at, attempt, record_complete)
		SELECT ('019d0000-0000-7000-8000-' || lpad(to_hex($3 + i), 12, '0'))::uuid, 'default', $1, 1, 'manual', 'failed', to_json(i), now(), 1, $4
		FROM generate_series(1, $2) i`
	for i, rows := range []struct {
		function string
		many     int
		complete bool
	}{{"f", failures, true}, {"f", 3, false}, {"gone", 2, true}} {
		_, err := f.db.Pool().Exec(t.Context(), insert, rows.function, rows.many, 100_000*i, rows.complete)
		require.NoError(t, err)
	}
	counts := make(chan int, 4)
	for range cap(counts) {
		go func() {
			got := f.do(ask{call: "POST /api/v1/executions/retry?all=true"})
			var said struct{ Count int }
			if got.StatusCode != http.StatusAccepted || json.Unmarshal([]byte(got.text), &said) != nil {
				said.Count = -failures
			}
			counts <- said.Count
		}()
	}
	total := 0
	for range cap(counts) {
		total += <-counts
	}
	require.Equal(t, failures, total)
	f.must(ask{call: "POST /api/v1/executions/retry?all=true", status: 202, want: []string{`"count":0`, `"incomplete":3`, `"missing":2`, `"more":false`}})

	// They run now, and fail again.
	require.NoError(t, f.queue.Start(t.Context()))
	require.Eventually(t, func() bool {
		var open int
		require.NoError(t, f.db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM executions WHERE status NOT IN ('failed')").Scan(&open))
		return open == 0
	}, time.Minute, 50*time.Millisecond)
	f.must(ask{call: "POST /api/v1/executions/retry?trigger_type=manual", status: 202, want: []string{`"count":0`}})
	f.must(ask{call: "POST /api/v1/executions/retry?all=true", status: 202, want: []string{`"count":1300`}})
}

func TestAutomaticRetry(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.queue.Start(t.Context()))
	policy := `"retry":{"max_attempts":3,"backoff_seconds":0.01,"on":["ConnectionError"]}`
	f.function("step", "def step(input):\n    return input")
	f.function("flaky", "import maestro\ndef flaky(input):\n    n = step(maestro.context().attempt)\n    if n < input:\n        raise ConnectionResetError(n)\n    return n", policy, `"max_concurrency":1`)
	f.must(ask{call: "GET /api/v1/functions/flaky", status: 200, want: []string{`"max_attempts":3`, `"max_backoff_seconds":300`, `"max_concurrency":1`}})
	run := func(input string) string {
		body := `{"function_name":"flaky","input_data":` + input + `,"mode":"async"}`
		return member(t, f.must(ask{call: "POST /api/v1/executions", body: body, status: 202}).text, "execution_id")
	}
	third, never := run("3"), run("4")
	done := f.becomes(third, "completed")
	require.Contains(t, done.text, `"attempt":3`)
	require.Contains(t, done.text, `"output_data":3`)
	require.Contains(t, done.text, `"error":null`)
	f.must(ask{call: "GET /api/v1/executions/" + third + "/steps", status: 200, want: []string{`"attempt":1`, `"attempt":2`, `"attempt":3`}})
	dead := f.becomes(never, "failed")
	require.Contains(t, dead.text, `"attempt":3`)
	require.Contains(t, dead.text, `"error_type":"ConnectionResetError"`, "a ConnectionError")
	other := f.becomes(run(`"text"`), "failed")
	require.Contains(t, other.text, `"attempt":1`, "a TypeError is not among those of the policy")
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"flaky","input_data":2}`, status: 500, want: []string{"function_failed"}})
	f.must(ask{call: "PUT /api/v1/functions/flaky", body: `{"retry":null,"max_concurrency":null}`, status: 200, want: []string{`"retry":null`, `"max_concurrency":null`, `"version":1`}})
	changed := f.becomes(run("2"), "failed")
	require.Contains(t, changed.text, `"attempt":1`)
}

// The next attempt begins no earlier than the policy says.
func TestAutomaticRetryWaits(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.queue.Start(t.Context()))
	f.function("flaky", "import maestro\ndef flaky(input):\n    return 1 // (maestro.context().attempt - 1)", `"retry":{"max_attempts":2,"backoff_seconds":3600,"max_backoff_seconds":3600}`)
	id := member(t, f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"flaky","mode":"async"}`, status: 202}).text, "execution_id")
	var seconds float64
	require.Eventually(t, func() bool {
		return f.db.Pool().QueryRow(t.Context(), "SELECT extract(epoch FROM run_at - now())::float8 FROM queued_runs WHERE attempt = 2").Scan(&seconds) == nil
	}, 20*time.Second, 20*time.Millisecond)
	require.Greater(t, seconds, 1800.0-60)
	require.LessOrEqual(t, seconds, 3600.0)
	waiting := f.must(ask{call: "GET /api/v1/executions/" + id, status: 200, want: []string{`"status":"pending"`, `"attempt":2`, "ZeroDivisionError"}})
	// Another run goes through the queue in the meantime, and this one stays.
	f.function("one", "def one(input):\n    return 1")
	f.becomes(member(t, f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"one","mode":"async"}`, status: 202}).text, "execution_id"), "completed")
	f.must(ask{call: "GET /api/v1/executions/" + id, status: 200, want: []string{strings.TrimSpace(waiting.text)}})
	_, err := f.db.Pool().Exec(t.Context(), "UPDATE queued_runs SET run_at = now()")
	require.NoError(t, err)
	f.queue.Wake()
	f.becomes(id, "completed")
}

func TestSpawn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.queue.Start(t.Context()))
	f.function("child", "def child(input):\n    return input['n'] * 2")
	f.function("parent", "import maestro\ndef parent(input):\n    return [maestro.spawn('child', {'n': n}, delay=n / 100) for n in range(3)]")
	f.function("bad", "import maestro\ndef bad(input):\n    return maestro.spawn(*input)")
	got := f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"parent"}`, status: 200})
	var answer struct{ Result []string }
	require.NoError(t, json.Unmarshal([]byte(got.text), &answer))
	require.Len(t, answer.Result, 3)
	last := f.becomes(answer.Result[2], "completed")
	for _, want := range []string{`"output_data":4`, `"trigger_type":"spawn"`, `"parent_execution_id":"` + got.Header.Get("X-Execution-ID")} {
		require.Contains(t, last.text, want)
	}
	f.all([]ask{
		{name: "missing function", call: "POST /api/v1/executions", body: `{"function_name":"bad","input_data":["missing"]}`, status: 500, want: []string{"NameError"}},
		{name: "no name", call: "POST /api/v1/executions", body: `{"function_name":"bad","input_data":[1]}`, status: 500, want: []string{"TypeError"}},
		{name: "the past", call: "POST /api/v1/executions", body: `{"function_name":"bad","input_data":["child",1,-1]}`, status: 500, want: []string{"ValueError"}},
	})
	f.function("chain", "import maestro\ndef chain(input):\n    maestro.spawn('chain', input + 1)\n    return input")
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"chain","input_data":0}`, status: 200})
	require.Eventually(t, func() bool {
		return len(f.do(ask{call: "GET /api/v1/executions?function_name=chain&status=failed"}).text) > 10
	}, 30*time.Second, 50*time.Millisecond, "a chain ends after 100")
	var list []json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(f.do(ask{call: "GET /api/v1/executions?function_name=chain"}).text), &list))
	require.Len(t, list, 100, "a page")
}
